import { type CompleteCopy, type DeviceWriter } from '@app/device-writer';
import { type BackupHeader } from './format/backup-header.js';

/** What an emulated terminal must be like, so that it can hold what a backup has. */
export interface DrillNeeds {
  readonly header: BackupHeader;
  /** Of its user records, in bytes; null: its protocol has none. */
  readonly recordWidth: number | null;
}

/** An empty emulated terminal of the kind that a backup is of, for as long as a drill lasts. */
export interface DrillTerminal extends AsyncDisposable {
  openWriter(signal?: AbortSignal): Promise<DeviceWriter>;
  /** Everybody as it holds them now, over the wire. */
  copy(signal?: AbortSignal): Promise<CompleteCopy>;
}

/** Where drills take place. Another library binds it, since this one does not know the emulator. */
export abstract class DrillTerminals {
  /** @throws {DeviceError} it did not come about in time, or was told to stop; nothing of it is left */
  abstract start(needs: DrillNeeds, signal?: AbortSignal): Promise<DrillTerminal>;
}
