import { CreateSchema1764000000000 } from './1764000000000-CreateSchema.js';
import { ChainAuditLog1764100000000 } from './1764100000000-ChainAuditLog.js';
import { GuardLeases1764100000001 } from './1764100000001-GuardLeases.js';
import { CreatePunches1764100000002 } from './1764100000002-CreatePunches.js';
import { CreateAasReads1764100000003 } from './1764100000003-CreateAasReads.js';
import { AddressOfEnabledDevices1764100000004 } from './1764100000004-AddressOfEnabledDevices.js';
import { AdmitDialInTerminals1764200000000 } from './1764200000000-AdmitDialInTerminals.js';
import { CreateAccounts1764300000000 } from './1764300000000-CreateAccounts.js';
import { KeepPeople1764300000010 } from './1764300000010-KeepPeople.js';
import { FollowMappings1764300000020 } from './1764300000020-FollowMappings.js';
import { QuarantineSwappedTerminals1764300000021 } from './1764300000021-QuarantineSwappedTerminals.js';
import { JournalDeviceWrites1764300000030 } from './1764300000030-JournalDeviceWrites.js';
import { SettleConflicts1764300000040 } from './1764300000040-SettleConflicts.js';
import { RememberIdempotencyKeys1764300000050 } from './1764300000050-RememberIdempotencyKeys.js';
import { SearchBufferText1764300000051 } from './1764300000051-SearchBufferText.js';
import { WatchUsers1764400000000 } from './1764400000000-WatchUsers.js';
import { RecordFillLevels1764400000005 } from './1764400000005-RecordFillLevels.js';
import { KeepNotices1764400000010 } from './1764400000010-KeepNotices.js';
import { TellLiveEvents1764400000020 } from './1764400000020-TellLiveEvents.js';
import { KeepBackups1764500000000 } from './1764500000000-KeepBackups.js';
import { EraseUsers1764500000020 } from './1764500000020-EraseUsers.js';
import { PopulateAcrossServers1764600000000 } from './1764600000000-PopulateAcrossServers.js';

/** Every migration, oldest first. Once merged, one does not change. */
export const migrations = [
  CreateSchema1764000000000,
  ChainAuditLog1764100000000,
  GuardLeases1764100000001,
  CreatePunches1764100000002,
  CreateAasReads1764100000003,
  AddressOfEnabledDevices1764100000004,
  AdmitDialInTerminals1764200000000,
  CreateAccounts1764300000000,
  KeepPeople1764300000010,
  FollowMappings1764300000020,
  QuarantineSwappedTerminals1764300000021,
  JournalDeviceWrites1764300000030,
  SettleConflicts1764300000040,
  RememberIdempotencyKeys1764300000050,
  SearchBufferText1764300000051,
  WatchUsers1764400000000,
  RecordFillLevels1764400000005,
  KeepNotices1764400000010,
  TellLiveEvents1764400000020,
  KeepBackups1764500000000,
  EraseUsers1764500000020,
  PopulateAcrossServers1764600000000,
];
