import {
  Command,
  decodeFreeSizes,
  decodeOptionReply,
  decodeText,
  decodeTime,
  encodeOptionRequest,
  type FreeSizes,
  Reply,
  scrambleCommKey,
  type ZkPacket,
} from '@app/zk-protocol';
import { type WallTime } from '@app/kernel';
import { DeviceError, type ProbeStageName } from '../../device.errors.js';
import { type AddressTarget } from '../../device-target.js';
import { type DeviceIdentity } from '../../device-user.js';
import { refusal, wellFormed } from './bulk-read.js';
import { type ZkChannel } from './zk-channel.js';

/** Opens the session: CONNECT, and AUTH where the terminal wants it. */
export async function openSession(
  channel: ZkChannel,
  commKey: number,
  onStage: (stage: ProbeStageName) => void,
): Promise<void> {
  onStage('handshake');
  const answer = await channel.request(Command.CONNECT);
  channel.useSession(answer.session);
  if (answer.command === Reply.CLOSED_PROTOCOL) {
    throw new DeviceError(
      'device/closed-protocol',
      'The terminal wants the vendor’s closed protocol (answer 6001); switch it to the standard one in its ' +
        'communication menu if it can, or use its PUSH mode',
    );
  }
  if (answer.command === Reply.OK) return;
  if (answer.command !== Reply.UNAUTHORISED) throw refusal(answer, 'the connection');
  onStage('authenticate');
  const opened = await channel.request(Command.AUTH, scrambleCommKey(commKey, answer.session));
  if (opened.command === Reply.OK) return;
  throw new DeviceError(
    'device/unauthorised',
    commKey === 0
      ? 'The terminal wants a comm key and none is set; read it in the terminal’s communication menu and give it as --comm-key'
      : 'The terminal does not accept this comm key; compare it with the one in the terminal’s communication menu',
    { stage: 'authenticate' },
  );
}

/**
 * Who the terminal is. The serial number must be told; the rest may be missing.
 * @throws {DeviceError} `device/serial-mismatch`: another terminal is at this address now
 */
export async function readIdentity(channel: ZkChannel, target: AddressTarget): Promise<DeviceIdentity> {
  const serialNumber = await readOption(channel, '~SerialNumber');
  if (!serialNumber) {
    throw new DeviceError(
      'device/refused',
      'The terminal does not tell its serial number, so it cannot be known again',
    );
  }
  requireSerialNumber(serialNumber, target);
  return {
    serialNumber,
    model: await readOption(channel, '~DeviceName'),
    platform: await readOption(channel, '~Platform'),
    firmware: await readVersion(channel),
  };
}

/** @throws {DeviceError} `device/serial-mismatch` */
export function requireSerialNumber(serialNumber: string, { expectedSerialNumber, host, port }: AddressTarget): void {
  if (expectedSerialNumber === undefined || serialNumber === expectedSerialNumber) return;
  throw new DeviceError(
    'device/serial-mismatch',
    `At ${host}:${port} there is now a terminal with serial number ${serialNumber}; ${expectedSerialNumber} is registered. ` +
      'If it takes its place, accept it (device accept); else switch the registered device off and add the new one',
    { details: { serialNumber, expectedSerialNumber } },
  );
}

/** The terminal's counters. @throws {DeviceError} */
export async function readFreeSizes(channel: ZkChannel): Promise<FreeSizes> {
  const answer = await channel.request(Command.FREE_SIZES);
  return freeSizesOf(answer);
}

/** @throws {DeviceError} */
export async function readTime(channel: ZkChannel): Promise<WallTime> {
  return timeOf(await channel.request(Command.GET_TIME));
}

export function freeSizesOf(answer: ZkPacket): FreeSizes {
  if (answer.command !== Reply.OK) throw refusal(answer, 'the request for its counters');
  return wellFormed(() => decodeFreeSizes(answer.data));
}

export function timeOf(answer: ZkPacket): WallTime {
  if (answer.command !== Reply.OK) throw refusal(answer, 'the request for its time');
  if (answer.data.length < 4) {
    throw new DeviceError('device/protocol-violation', `The terminal's time has ${answer.data.length} bytes, not 4`);
  }
  return decodeTime(answer.data.readUInt32LE(0));
}

/** The value of an option; undefined when the terminal has none of that name. */
export function optionOf(answer: ZkPacket): string | undefined {
  if (answer.command === Reply.UNAUTHORISED) throw refusal(answer, 'the request for an option');
  if (answer.command !== Reply.OK) return undefined;
  return wellFormed(() => decodeOptionReply(answer.data)).trim() || undefined;
}

export function versionOf(answer: ZkPacket): string | undefined {
  return answer.command === Reply.OK ? decodeText(answer.data).trim() || undefined : undefined;
}

async function readOption(channel: ZkChannel, name: string): Promise<string | undefined> {
  return optionOf(await channel.request(Command.OPTIONS_READ, encodeOptionRequest(name)));
}

async function readVersion(channel: ZkChannel): Promise<string | undefined> {
  return versionOf(await channel.request(Command.VERSION));
}
