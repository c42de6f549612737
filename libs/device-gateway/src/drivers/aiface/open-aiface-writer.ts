import { type Clock } from '@app/kernel';
import { type DialInTarget } from '../../device-target.js';
import { type GatewayTimeouts } from '../../gateway-timeouts.js';
import { type AifaceSessions, sessionWith } from './aiface-sessions.js';
import { AifaceWriteSession } from './aiface-write-session.js';

/** Opens a session that can write, on the connection that the terminal holds. @throws {DeviceError} `device/not-connected` */
export function openAifaceWriteSession(
  target: DialInTarget,
  sessions: AifaceSessions,
  how: { readonly timeouts: GatewayTimeouts; readonly clock: Clock; readonly signal?: AbortSignal },
): AifaceWriteSession {
  return new AifaceWriteSession(target, sessions, sessionWith(sessions, target.serialNumber, how));
}
