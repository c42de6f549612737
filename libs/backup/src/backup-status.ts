import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { BackupSchedule } from './backup.schedule.js';
import { type BackupAgendaListView, type BackupAgendaView } from './dto/backup.view.js';
import { BackupKeys } from './files/backup-keys.js';

/** Shows how the backups of all terminals are doing. */
@Injectable()
export class BackupStatus {
  constructor(
    private readonly dataSource: DataSource,
    private readonly schedule: BackupSchedule,
    private readonly keys: BackupKeys,
  ) {}

  async describe(): Promise<BackupAgendaListView> {
    const [recipients, identities] = [await this.keys.recipients(), await this.keys.identities()];
    return {
      running: this.schedule.isOn,
      encrypted: recipients.length > 0,
      readable_here: recipients.length === 0 || identities.length > 0,
      items: await this.findAgenda(),
    };
  }

  private async findAgenda(): Promise<BackupAgendaView[]> {
    return this.dataSource.query<BackupAgendaView[]>(
      `select d.id::text as device_id, d.name as device_name, a.next_due_at, a.last_success_at, coalesce(a.failures, 0) as failures,
              a.last_failure_at, a.last_failure_code, a.last_failure_reason, newest.filename as newest, good.filename as newest_good
         from devices d
         left join backup_agenda a on a.device_id = d.id
         left join lateral (select b.filename from device_backups b where b.device_id = d.id and b.state = 'valid'
                             order by b.taken_at desc limit 1) newest on true
         left join lateral (select b.filename from device_backups b where b.device_id = d.id and b.state = 'valid'
                              and b.drill_result = 'good' order by b.taken_at desc limit 1) good on true
        where d.enabled order by d.name`,
    );
  }
}
