import { type Command, Option } from 'commander';
import { INCIDENT_STATES } from '../choices.js';
import { examples } from '../examples.js';
import { lazily } from '../lazily.js';
import { LISTED } from '../listed.js';
import { JSON_OUT, jsonLinesOption } from '../options.js';

const actions = () => import('../actions/incident.js');

/** `holdfast incident …` */
export function addIncidentCommands(program: Command): void {
  const incident = program
    .command('incident')
    .alias('incidents')
    .description('users who vanished from a terminal, and what did it')
    .addHelpText('after', examples('incident list', 'incident show 17'));
  addList(incident);
  addShow(incident);
  addAcknowledge(incident);
  addIntended(incident);
  addCheck(incident);
}

function addList(incident: Command): void {
  incident
    .command('list')
    .description(`show the last ${LISTED} incidents, newest first`)
    .option('--device <device>', 'only of this device: id, short name or name')
    .addOption(new Option('--state <state>', 'only in this state').choices([...INCIDENT_STATES]))
    .option(...JSON_OUT)
    .addOption(jsonLinesOption())
    .addHelpText('after', examples('incident list --state open', 'incident list --jsonl'))
    .action(lazily(async () => (await actions()).list));
}

function addShow(incident: Command): void {
  incident
    .command('show <incident>')
    .description('show who is missing since when, and what speaks for which cause')
    .option(...JSON_OUT)
    .addHelpText('after', examples('incident show 17'))
    .action(lazily(async () => (await actions()).show));
}

function addAcknowledge(incident: Command): void {
  incident
    .command('acknowledge <incident>')
    .description('accept the loss: nobody of the incident is looked for any more; writes nothing to the terminal')
    .requiredOption('--reason <text>', 'why; stays in the audit log')
    .option(...JSON_OUT)
    .addHelpText('after', examples('incident acknowledge 17 --reason "the terminal was replaced"'))
    .action(lazily(async () => (await actions()).acknowledge));
}

function addIntended(incident: Command): void {
  incident
    .command('intended <incident> <ids...>')
    .description('mark these users as gone on purpose; the others are still looked for')
    .requiredOption('--reason <text>', 'why; stays in the audit log')
    .option(...JSON_OUT)
    .addHelpText('after', examples('incident intended 17 9001 9002 --reason "left the school"'))
    .action(lazily(async () => (await actions()).intended));
}

function addCheck(incident: Command): void {
  incident
    .command('check <device>')
    .description('read the users of a terminal now, and say who is missing; exits with 3 when somebody is')
    .option(...JSON_OUT)
    .addHelpText('after', examples('incident check front-door'))
    .action(lazily(async () => (await actions()).check));
}
