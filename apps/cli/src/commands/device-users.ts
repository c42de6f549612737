import { type Command } from 'commander';
import { examples } from '../examples.js';
import { lazily } from '../lazily.js';
import { jsonLinesOption } from '../options.js';
import { addTargetOptions } from './target-options.js';

const actions = () => import('../actions/device-users.js');

export function addDeviceUsers(device: Command): void {
  addTargetOptions(device.command('users <address>'))
    .description(
      'show every user of a terminal, with proof that the list is whole, or no list at all; needs no database. With --at: ' +
        'who was on a registered device at a moment, without asking the terminal',
    )
    .option('--at <instant>', 'a moment of the past, such as 2026-01-31T09:45:00Z; <address> is then a device')
    .option('--json', 'one JSON document {device, proof, users} on standard output')
    .addOption(jsonLinesOption())
    .addHelpText(
      'after',
      examples(
        'device users 192.168.1.201',
        'device users 192.168.1.201 --jsonl',
        'device users front-door --at 2026-01-31T09:45:00Z',
      ),
    )
    .action(lazily(async () => (await actions()).users));
}
