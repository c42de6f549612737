import { Injectable } from '@nestjs/common';
import { DeviceUserAbsentError, DeviceUserPresentError, StaleDeviceUserError } from './device-writer.errors.js';
import { SnapshotSeal } from './snapshot-seal.js';
import { type UserSnapshot } from './user-snapshot.js';
import { depthOf, type WriteImages, type WriteRequest } from './write-request.js';
import { type WriterSession } from './writer-session.js';

/** Works out what the terminal holds and what it is to hold; sends nothing. */
@Injectable()
export class WritePlanner {
  constructor(private readonly seal: SnapshotSeal) {}

  /**
   * @throws {DeviceUserAbsentError} there is no user to change or to delete
   * @throws {DeviceUserPresentError} there is a user where one should be brought back
   * @throws {StaleDeviceUserError} the user is not what the caller takes it to be
   * @throws {UnwritableValueError} the terminal cannot hold what is wanted
   * @throws {DeviceError} the terminal could not be read with proof
   */
  async plan(session: WriterSession, request: WriteRequest): Promise<WriteImages> {
    const before = await session.readUser(request.deviceUserId, depthOf(request.kind));
    if (request.kind === 'restore') {
      if (before) throw new DeviceUserPresentError(request.deviceUserId);
      return { after: await session.use((writer) => writer.planRestore(writer.decode(request.snapshot))) };
    }
    if (!before) throw new DeviceUserAbsentError(request.deviceUserId);
    if (!(await this.isExpected(before, request))) throw new StaleDeviceUserError(request.deviceUserId, before);
    if (request.kind === 'delete') return { before };
    return { before, after: await session.use(async (writer) => writer.plan(before, request.change, request.options)) };
  }

  private async isExpected(found: UserSnapshot, { expected }: WriteRequest): Promise<boolean> {
    if (expected === undefined) return true;
    return typeof expected === 'string' ? expected === (await this.seal.digest(found)) : expected(found);
  }
}
