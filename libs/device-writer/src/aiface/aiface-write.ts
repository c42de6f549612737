import { BackupNumber, describeRefusal, type Reply, type WriteCommand } from '@app/aiface-protocol';
import { type AifaceWriteSession } from '@app/device-gateway/sessions';
import { WriteRefusedError } from '../device-writer.errors.js';
import { unknownOutcome } from '../unknown-outcome.js';

/**
 * Sends these writes, each once and in their order. What fails before the first has left is what it is. From then on it is a
 * refusal, if the first one was refused and nothing had been done before, or an unknown outcome.
 * @param what for people: `the deletion of user 9001`
 * @throws {DeviceError} @throws {WriteRefusedError} @throws {OutcomeUnknownError}
 */
export async function performWrites(
  session: AifaceWriteSession,
  what: string,
  commands: readonly WriteCommand[],
): Promise<void> {
  using _armed = session.arm(commands);
  for (const [done, command] of commands.entries()) {
    const answer = await session.write(command).catch((error: unknown) => {
      if (done === 0) throw error;
      throw unknownOutcome(what, `after ${done} of ${commands.length} writes ${messageOf(error)}`, error);
    });
    if (answer.kind === 'lost') throw unknownOutcome(what, messageOf(answer.error), answer.error);
    if (answer.ok !== true) throw refusalOf(answer, command, what, done);
  }
}

function refusalOf(reply: Reply, command: WriteCommand, what: string, done: number): Error {
  const photo = 'backupnum' in command && command.backupnum === BackupNumber.PHOTO;
  const why = describeRefusal(reply, { photo });
  if (reply.ok === false && done === 0) {
    return new WriteRefusedError(`The terminal refused ${what}: ${why}; nothing was done`, {
      details: { reason: reply.reason },
    });
  }
  return unknownOutcome(what, `the terminal answered its write no. ${done + 1} (${command.cmd}) ${why}`);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
