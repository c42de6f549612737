export {
  type BufferedRead,
  decodeBufferedRead,
  decodeBufferStatus,
  decodeChunkRequest,
  decodePrepareData,
  encodeBufferedRead,
  encodeBufferStatus,
  encodeChunkRequest,
  encodePrepareData,
  OPERATIONS_READ,
  PUNCHES_READ,
  TEMPLATES_READ,
  USERS_READ,
} from './buffered-read.js';
export { scrambleCommKey, verifyCommKey } from './comm-key.js';
export { Command, commandName, Reply, replyName } from './commands.js';
export { decodeSetLength, decodeUserSet, encodeSet } from './data-set.js';
export { ZkFormatError, type ZkFormatErrorCode } from './errors.js';
export { decodePunchEvent, encodePunchEvent, EventBit, type PunchEvent } from './event.js';
export { decodeFreeSizes, encodeFreeSizes, type FreeSizes } from './free-sizes.js';
export {
  decodeOperationRecord,
  decodeOperationSet,
  encodeOperationRecord,
  OPERATION_RECORD_BYTES,
  type OperationRecord,
} from './operation-record.js';
export { describeOperation, ZkOperation } from './operations.js';
export {
  decodeOptionReply,
  decodeOptionRequest,
  decodeText,
  encodeOptionReply,
  encodeOptionRequest,
} from './options.js';
export { checksum, decodePacket, encodePacket, encodeTcpPacket, nextReplyNumber, type ZkPacket } from './packet.js';
export { describePrivilege, type PrivilegeLevel } from './privilege.js';
export {
  decodePunchRecord,
  decodePunchSet,
  encodePunchRecord,
  type PunchRecord,
  type PunchRecordWidth,
} from './punch-record.js';
export { isReadOfCredentialSession, isReadOfWriteSession, isReadOrSessionCommand } from './read-commands.js';
export { TcpPacketDecoder } from './tcp-packet-decoder.js';
export { decodeTemplateSet, encodeTemplateRecord, type TemplateRecord } from './template-record.js';
export { TemplateSetDecoder } from './template-set-decoder.js';
export { decodeEventTime, decodeTime, encodeEventTime, encodeTime } from './time.js';
export { decodeUserRecord, encodeUserRecord, type UserRecord, type UserRecordWidth } from './user-record.js';
export {
  graftUserRecord,
  moveUserRecord,
  patchUserRecord,
  type UserBounds,
  userBounds,
  type UserPatch,
  widthOf,
  withoutPin,
} from './user-patch.js';
export { decodeUserUpload, encodeUserUpload, UPLOADED_FLAG, type UserUpload } from './user-upload.js';
export {
  encodeDisable,
  encodeFreeBuffer,
  encodeRefresh,
  encodeSaveUpload,
  encodeTemplateWrite,
  encodeUpload,
  encodeUserDelete,
  encodeUserWrite,
  isWriteOfOneUser,
  UPLOAD_PIECE_BYTES,
  type ZkWrite,
} from './write-commands.js';
