import { Check, Column, Entity, PrimaryGeneratedColumn } from 'typeorm';

/** One migration of the buffer: the terminals that it is to read, and whether it has read them all. */
@Entity('buffer_populations')
@Check('buffer_populations_devices', 'cardinality(device_ids) > 0')
export class BufferPopulationRow {
  @PrimaryGeneratedColumn('identity', { type: 'bigint', generatedIdentity: 'ALWAYS' })
  readonly id: string;
  @Column('bigint', { name: 'device_ids', array: true }) deviceIds: string[];
  @Column('text', { name: 'begun_by' }) begunBy: string;
  @Column('timestamptz', { name: 'begun_at', default: () => 'clock_timestamp()' }) begunAt: Date;
  /** Null: some terminal has not been read yet, since it failed or the migration was interrupted. */
  @Column('timestamptz', { name: 'finished_at', nullable: true }) finishedAt: Date | null;
}
