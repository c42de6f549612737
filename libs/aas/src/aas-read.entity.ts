import { Check, Column, Entity, Index, PrimaryColumn, PrimaryGeneratedColumn } from 'typeorm';

export const AAS_READ_OUTCOMES = ['read', 'refused'] as const;
export type AasReadOutcome = (typeof AAS_READ_OUTCOMES)[number];

/** One look at an AAS file: what it held, or why nothing of it was used. */
@Entity('aas_reads')
@Index('aas_reads_path', ['path', 'id'])
@Check('aas_reads_outcome', `outcome in ('read', 'refused')`)
export class AasRead {
  @PrimaryGeneratedColumn('identity', { type: 'bigint', generatedIdentity: 'ALWAYS' })
  readonly id: string;
  @Column('text') readonly path: string;
  /** `live`, `backup` or `export`; null: no file was found. */
  @Column('text', { nullable: true }) readonly role: string | null;
  @Column('bigint', { name: 'size_bytes', nullable: true }) readonly sizeBytes: string | null;
  @Column('timestamptz', { name: 'modified_at', nullable: true }) readonly modifiedAt: Date | null;
  /** What else the look depended on. */
  @Column('text') readonly settings: string;
  @Column('text', { nullable: true }) readonly sha256: string | null;
  @Column('text') readonly outcome: AasReadOutcome;
  @Column('text', { name: 'error_code', nullable: true }) readonly errorCode: string | null;
  @Column('text', { name: 'error_message', nullable: true }) readonly errorMessage: string | null;
  @Column('integer', { nullable: true }) readonly employees: number | null;
  @Column('integer', { nullable: true }) readonly punches: number | null;
  @Column('integer', { name: 'punches_imported', nullable: true }) readonly punchesImported: number | null;
  @Column('jsonb', { default: [] }) readonly warnings: string[];
  @Column('timestamptz', { name: 'read_at', default: () => 'clock_timestamp()' }) readonly readAt: Date;
}

/** A person as the newest AAS file knows them; no proof that a terminal does. */
@Entity('aas_employees')
export class AasEmployeeRow {
  /** AAS's own key, zero-padded. */
  @PrimaryColumn('text', { name: 'employee_id', primaryKeyConstraintName: 'aas_employees_pkey' })
  readonly employeeId: string;
  /** The number on the terminal, in canonical form. */
  @Column('text', { name: 'device_user_id' }) readonly deviceUserId: string;
  @Column('text', { nullable: true }) readonly name: string | null;
  @Column('date', { name: 'end_date', nullable: true }) readonly endDate: string | null;
  @Column('timestamptz', { name: 'last_read_at' }) readonly lastReadAt: Date;
}

export const AAS_ENTITIES = [AasRead, AasEmployeeRow];
