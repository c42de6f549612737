import { Column, Entity, PrimaryColumn } from 'typeorm';

/** How full a terminal was on one day, at the last read that counted; null: it does not tell. */
@Entity('device_fill_levels')
export class DeviceFillLevel {
  @PrimaryColumn('bigint', { name: 'device_id' }) readonly deviceId: string;
  /** `2026-01-31`, in UTC. */
  @PrimaryColumn('date') readonly day: string;
  @Column('integer') users: number;
  @Column('integer', { name: 'user_capacity', nullable: true }) userCapacity: number | null;
  @Column('integer', { nullable: true }) templates: number | null;
  @Column('integer', { name: 'template_capacity', nullable: true }) templateCapacity: number | null;
  @Column('integer', { nullable: true }) punches: number | null;
  @Column('integer', { name: 'punch_capacity', nullable: true }) punchCapacity: number | null;
}
