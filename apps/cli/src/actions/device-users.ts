import { type CompleteUserRead, type DeviceIdentity, type AddressTarget, type DeviceUser } from '@app/device-gateway';
import { snakeCased } from '@app/http';
import { type TargetOptions } from '../commands/target-options.js';
import { withGateway } from '../context.js';
import { ExitCode } from '../exit-code.js';
import { printData, printItems, printJson, table, tell } from '../output.js';
import { ReadProgressBar } from '../progress.js';
import { runCommand } from '../run-command.js';
import { showPastUsers } from './device-past.js';
import { targetFrom } from './target-options.js';

export const users = (
  address: string,
  options: TargetOptions & { json?: boolean; jsonl?: boolean; at?: string },
): Promise<void> =>
  runCommand(options, ({ json, lines, signal }) => {
    if (options.at !== undefined) return showPastUsers(address, options.at, { json, lines });
    return withGateway(async (gateway) => {
      const target = targetFrom(address, options);
      const bar = new ReadProgressBar(address);
      await using reader = await gateway.openReader(target, { signal });
      const read = await reader.readUsers({ onProgress: bar.show }).finally(bar.end);
      if (lines) printItems(true, 'users', read.users.map(userDocument));
      else if (json) printJson(usersDocument(target, reader.identity, read));
      else printUsers(reader.identity, read);
      return ExitCode.DONE;
    });
  });

function usersDocument(target: AddressTarget, identity: DeviceIdentity, read: CompleteUserRead): unknown {
  const { host, port, driver, transport } = target;
  return {
    device: snakeCased({ ...identity, host, port, driver, transport }),
    proof: snakeCased(read.proof),
    users: read.users.map(userDocument),
    invalid: snakeCased([...read.invalid]),
  };
}

function userDocument(user: DeviceUser): Record<string, unknown> {
  return {
    device_user_id: user.deviceUserId,
    slot: user.slot,
    name: user.details?.name ?? null,
    privilege: user.privilege ?? null,
    card_number: user.details?.cardNumber ?? null,
    group_id: user.groupId,
    timezone_id: user.timezoneId,
    has_pin: user.hasPin,
    raw_user_id: user.rawUserId,
    name_hex: user.details?.nameBytes.toString('hex') ?? null,
  };
}

function printUsers(identity: DeviceIdentity, read: CompleteUserRead): void {
  const rows = read.users.map((user) => [
    user.deviceUserId,
    user.slot,
    user.details?.name ?? null,
    user.privilege ?? null,
    user.details?.cardNumber ?? null,
    user.groupId,
    user.hasPin ? 'yes' : 'no',
  ]);
  printData(table(['user ID', 'slot', 'name', 'privilege', 'card', 'group', 'PIN'], rows));
  const { counterBefore, counterAfter, distinctUsers } = read.proof;
  tell(
    `${read.users.length} users of ${identity.model ?? 'the terminal'} ${identity.serialNumber}; complete: its counter said ` +
      `${counterBefore} before and ${counterAfter} after, ${distinctUsers} distinct users came`,
  );
  for (const { slot, reason } of read.invalid) tell(`slot ${slot} holds no usable user: ${reason}`);
}
