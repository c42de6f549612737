import { type Command } from 'commander';
import { examples } from '../examples.js';
import { addDeviceAccept } from './device-accept.js';
import { addDeviceAdd } from './device-add.js';
import { addDeviceAdopt, addDevicePending } from './device-adopt.js';
import { addDeviceChange } from './device-change.js';
import { addDeviceDoctor } from './device-doctor.js';
import { addDeviceHealth } from './device-health.js';
import { addDeviceList } from './device-list.js';
import { addDeviceDiff } from './device-past.js';
import { addDeviceProbe } from './device-probe.js';
import { addDeviceUsers } from './device-users.js';

/** `holdfast device …` */
export function addDeviceCommands(program: Command): void {
  const device = program
    .command('device')
    .alias('devices')
    .description('find, try and register terminals; nothing on them is changed')
    .addHelpText(
      'after',
      examples(
        'device probe 192.168.1.201',
        'device add --name "Front door" --address 192.168.1.201',
        'device doctor front-door',
      ),
    );
  addDeviceAdd(device);
  addDeviceAccept(device);
  addDevicePending(device);
  addDeviceAdopt(device);
  addDeviceChange(device);
  addDeviceDoctor(device);
  addDeviceHealth(device);
  addDeviceList(device);
  addDeviceProbe(device);
  addDeviceUsers(device);
  addDeviceDiff(device);
}
