import { type Answer, type Credential, type DeviceInfo, type LogBatch } from '@app/aiface-protocol';
import { type Clock } from '@app/kernel';
import { Logger } from '@nestjs/common';
import { DeviceError } from '../../device.errors.js';
import { type Admission, type TerminalAlarm, type TerminalHost, type Visitor } from '../../terminal-host.js';
import { type AifaceConnection, type ConnectionHost } from './aiface-connection.js';
import { type AifaceSessions } from './aiface-sessions.js';

const PROBLEM_AGAIN_MS = 60_000;
const MOST_PROBLEMS = 1_000;

/** An alarm about a connection, which says itself whose it is. */
type ConnectionAlarm<A = TerminalAlarm> = A extends TerminalAlarm ? Omit<A, 'address' | 'serialNumber'> : never;

/**
 * Receives terminals on behalf of the host: registers who is admitted, one connection each, passes on what they hand
 * over, and closes connections that misbehave, telling of it.
 */
export class AifaceReception implements ConnectionHost {
  private readonly logger = new Logger(AifaceReception.name);
  private readonly toldProblems = new Map<string, number>();

  constructor(
    private readonly sessions: AifaceSessions,
    private readonly clock: Clock,
    private readonly host: TerminalHost,
  ) {}

  keepLog(serialNumber: string, batch: LogBatch): Promise<boolean> {
    return this.kept(serialNumber, () => this.host.keepLog(serialNumber, whole(batch)));
  }

  keepEnrolment(serialNumber: string, credential: Credential): Promise<boolean> {
    return this.kept(serialNumber, () => this.host.keepEnrolment(serialNumber, credential));
  }

  onChangedSerial(connection: AifaceConnection, claimed: string): void {
    this.refuse(connection, { kind: 'changed-serial', claimed }, `it now calls itself ${claimed}`);
  }

  onFlood(connection: AifaceConnection, waiting: number, perTenSeconds: number): void {
    this.refuse(connection, { kind: 'flood', waiting, perTenSeconds }, 'it sends more than it waits for');
  }

  /** Closes a connection without an answer, and tells of it. */
  refuse(connection: AifaceConnection, alarm: ConnectionAlarm, why: string): void {
    if (connection.ended) return;
    const { address, serialNumber } = connection;
    this.host.alarm({ ...alarm, address, serialNumber });
    connection.end(new DeviceError('device/connection-lost', `The connection of the terminal was closed: ${why}`));
  }

  alarm(alarm: TerminalAlarm): void {
    this.host.alarm(alarm);
  }

  /** The connection has ended; its terminal is gone, unless it has another one by now. */
  forget(connection: AifaceConnection): void {
    if (this.sessions.remove(connection)) this.host.left(connection.serialNumber!);
  }

  /** Once a minute for the same: whoever dials again and again must not fill the log. */
  onMessageProblem(connection: AifaceConnection, problem: string): void {
    const now = this.clock.monotonicMs();
    for (const [key, atMs] of this.toldProblems) if (now - atMs > PROBLEM_AGAIN_MS) this.toldProblems.delete(key);
    const key = `${connection.address} ${connection.serialNumber ?? ''} ${problem}`;
    if (this.toldProblems.has(key) || this.toldProblems.size >= MOST_PROBLEMS) return;
    this.toldProblems.set(key, now);
    this.logger.warn({ msg: 'a message of a terminal makes no sense', ...aboutOf(connection), problem });
  }

  /** Decides, takes the connection into the register, and says what is to be answered. */
  async register(
    connection: AifaceConnection,
    { serialNumber, info }: { serialNumber: string; info: DeviceInfo },
  ): Promise<Answer | undefined> {
    const { address } = connection;
    const taken = this.refusalOfSecond(connection, serialNumber);
    if (taken) return taken;
    const { model, firmware, fingerprintAlgorithm, mac, counters, capacity, time: clock } = info;
    const again = connection.serialNumber !== undefined;
    const about = { model, firmware, fingerprintAlgorithm, mac, counters, capacity, clock };
    const admission = await this.decide({ serialNumber, address, again, ...about });
    if (connection.ended) return undefined;
    if (!admission.admitted) {
      this.endSoon(connection, admission.reason);
      return { ret: 'reg', result: false, reason: admission.reason };
    }
    const takenMeanwhile = this.refusalOfSecond(connection, serialNumber);
    if (takenMeanwhile) return takenMeanwhile;
    connection.serialNumber = serialNumber;
    connection.info = info;
    const former = this.sessions.replace(serialNumber, connection);
    former?.end(
      new DeviceError('device/connection-lost', 'The terminal dialled again, and has another connection now'),
    );
    if (!again) this.host.arrived(serialNumber, address);
    return { ret: 'reg', result: true, cloudtime: admission.localTime };
  }

  /** A terminal that dials again from its address has a dead connection; from elsewhere, it is another one. */
  private refusalOfSecond(connection: AifaceConnection, serialNumber: string): Answer | undefined {
    const first = this.sessions.find(serialNumber);
    if (!first || first === connection || first.address === connection.address) return undefined;
    const { address } = connection;
    this.host.alarm({ kind: 'second-connection', address, serialNumber, firstAddress: first.address });
    this.endSoon(connection, `serial number ${serialNumber} is connected from ${first.address}`);
    return { ret: 'reg', result: false, reason: 'this serial number is connected already' };
  }

  private async decide(visitor: Visitor): Promise<Admission> {
    try {
      return await this.host.admit(visitor);
    } catch (error) {
      const { serialNumber, address } = visitor;
      const reason = error instanceof Error ? error.message : String(error);
      this.logger.error({
        msg: 'a terminal could not be admitted; it dials again',
        serial_number: serialNumber,
        address,
        reason,
      });
      return { admitted: false, reason: 'the server is not ready, try again' };
    }
  }

  /** What is not kept is not acknowledged either: the terminal sends it again. */
  private async kept(serialNumber: string, keep: () => Promise<void>): Promise<boolean> {
    try {
      await keep();
      return true;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.logger.error({
        msg: 'what a terminal handed over could not be kept; it sends it again',
        serial_number: serialNumber,
        reason,
      });
      return false;
    }
  }

  /** Once the answer is on its way. */
  private endSoon(connection: AifaceConnection, why: string): void {
    const error = new DeviceError('device/refused', `The terminal was refused: ${why}`);
    setImmediate(() => connection.end(error, 'politely'));
  }
}

/** A batch that announces more records than it has was cut: it must come again, whole. */
function whole(batch: LogBatch): LogBatch {
  const received = batch.records.length + batch.unreadable.length;
  if (batch.count === undefined || batch.count <= received) return batch;
  throw new Error(`a message announces ${batch.count} log entries and has ${received}`);
}

function aboutOf({ serialNumber, address }: AifaceConnection): object {
  return { serial_number: serialNumber, address };
}
