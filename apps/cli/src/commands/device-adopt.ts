import { type Command } from 'commander';
import { examples } from '../examples.js';
import { lazily } from '../lazily.js';
import { JSON_OUT, jsonLinesOption } from '../options.js';

const actions = () => import('../actions/device-adopt.js');

export function addDevicePending(device: Command): void {
  device
    .command('pending')
    .description('show the terminals that dial in and that nobody has registered')
    .option(...JSON_OUT)
    .addOption(jsonLinesOption())
    .addHelpText('after', examples('device pending', 'device pending --jsonl'))
    .action(lazily(async () => (await actions()).pending));
}

export function addDeviceAdopt(device: Command): void {
  device
    .command('adopt <serial>')
    .description('register a terminal that dials in; its clock is set to the local time of its zone')
    .requiredOption('--name <text>', 'what people call it, for example "Front door"')
    .option('--time-zone <zone>', 'IANA zone of its site, for example Africa/Addis_Ababa')
    .option(...JSON_OUT)
    .addHelpText('after', examples('device adopt AYTH25061234 --name "Front door"'))
    .action(lazily(async () => (await actions()).adopt));
}
