import { type Command } from 'commander';
import { examples } from '../examples.js';
import { lazily } from '../lazily.js';
import { JSON_OUT } from '../options.js';

export function addDeviceDoctor(device: Command): void {
  device
    .command('doctor <device>')
    .description(
      'look at everything about a registered terminal, by id, short name or name, read it once with proof, and say what to do; ' +
        'stores nothing; exits with 4 when it cannot be read, with 1 when something else is wrong',
    )
    .option(...JSON_OUT)
    .addHelpText('after', examples('device doctor front-door', 'device doctor 3 --json'))
    .action(lazily(async () => (await import('../actions/device-doctor.js')).doctorDevice));
}
