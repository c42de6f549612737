import { type ZkWriteSession } from '@app/device-gateway/sessions';
import { encodeDisable, Reply, replyName, type ZkPacket, type ZkWrite } from '@app/zk-protocol';
import { DeviceError } from '@app/device-gateway';
import { WriteRefusedError } from '../device-writer.errors.js';
import { unknownOutcome } from '../unknown-outcome.js';

/** Should we die in between, the terminal lets people in again after so long. */
const DISABLED_SECONDS = 30;
/** Codes by which a terminal says that it did not do it; any other code says nothing. */
const REFUSALS: ReadonlySet<number> = new Set([
  Reply.ERROR,
  Reply.UNAUTHORISED,
  Reply.DATA_ERROR,
  Reply.NOT_INITIALISED,
  Reply.COMMAND_ERROR,
  Reply.UNKNOWN_COMMAND,
]);
const LOWEST_REFUSAL = Reply.NO_MEMORY;
const HIGHEST_REFUSAL = Reply.OPTION_READ_FAILED;

/**
 * Sends these writes, each once and in their order, with the keypad locked meanwhile. Before the first that changes
 * something, a failure is what it is: nothing was done. From then on it is a refusal, if the first one was refused in so
 * many words, or an unknown outcome.
 * @param what for people: `the deletion of user 9001`
 * @throws {DeviceError} @throws {WriteRefusedError} @throws {OutcomeUnknownError}
 */
export async function performWrites(session: ZkWriteSession, what: string, writes: readonly ZkWrite[]): Promise<void> {
  const sequence = [encodeDisable(DISABLED_SECONDS), ...writes];
  using _armed = session.arm(sequence);
  let changing = false;
  try {
    for (const write of sequence) {
      const sent = session.send(write); // what fails here has not left
      const isFirst: boolean = !changing && write.effect === 'changes';
      changing ||= isFirst;
      const answer = await answerOf(sent, what, changing);
      if (write.effect !== 'releases') judge(answer, what, { changing, isFirst });
    }
  } catch (error) {
    await session.enable();
    throw changing && error instanceof DeviceError ? unknownOutcome(what, error.message, error) : error;
  }
  if (!(await session.enable())) {
    throw unknownOutcome(
      what,
      `it did not say that people can use it again; it does so by itself after ${DISABLED_SECONDS} s`,
    );
  }
}

async function answerOf(sent: ReturnType<ZkWriteSession['send']>, what: string, changing: boolean): Promise<ZkPacket> {
  try {
    return await sent.answer();
  } catch (error) {
    if (!changing) throw error;
    throw unknownOutcome(what, error instanceof Error ? error.message : String(error), error);
  }
}

function judge(
  { command: reply }: ZkPacket,
  what: string,
  { changing, isFirst }: { readonly changing: boolean; readonly isFirst: boolean },
): void {
  if (reply === Reply.OK) return;
  const refused = REFUSALS.has(reply) || (reply >= LOWEST_REFUSAL && reply <= HIGHEST_REFUSAL);
  if (refused && (isFirst || !changing)) {
    throw new WriteRefusedError(`The terminal refused ${what} with ${replyName(reply)}; nothing was done`, {
      details: { reply },
    });
  }
  if (!changing) {
    throw new DeviceError(
      'device/refused',
      `The terminal answered ${what} with ${replyName(reply)} before anything was done`,
    );
  }
  throw unknownOutcome(what, `the terminal answered with ${replyName(reply)}`);
}
