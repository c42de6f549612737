import { type PersonType } from '@app/kernel';
import { type AdoptedAttributes } from './adopted-attributes.js';
import { Check, Column, Entity, Index, PrimaryGeneratedColumn } from 'typeorm';

/** Links a device user ID to a person for a stretch of time; open while `validTo` is null. */
@Entity('user_machine_mapping')
@Index('user_machine_mapping_open_user', ['deviceId', 'deviceUserId'], { unique: true, where: 'valid_to is null' })
@Index('user_machine_mapping_open_person', ['deviceId', 'personId'], { unique: true, where: 'valid_to is null' })
@Index('user_machine_mapping_person', ['personId'])
@Check('user_machine_mapping_person_type', `person_type in ('staff', 'student')`)
@Check('user_machine_mapping_validity', `valid_to is null or valid_to >= valid_from`)
export class UserMapping {
  @PrimaryGeneratedColumn('identity', { type: 'bigint', generatedIdentity: 'ALWAYS' })
  readonly id: string;
  @Column('bigint', { name: 'device_id' }) deviceId: string;
  @Column('text', { name: 'device_user_id' }) deviceUserId: string;
  @Column('bigint', { name: 'person_id' }) personId: string;
  @Column('text', { name: 'person_type' }) personType: PersonType;
  /** What the device held when the mapping was made, for attributes that no people table knows. */
  @Column('jsonb', { default: {} }) adopted: AdoptedAttributes;
  /** Unless given, the end of the mapping before it, or the beginning of time: a trigger fills it in. */
  @Column('timestamptz', { name: 'valid_from' }) validFrom: Date;
  @Column('timestamptz', { name: 'valid_to', nullable: true }) validTo: Date | null;
  @Column('text', { name: 'created_by' }) createdBy: string;
  @Column('timestamptz', { name: 'created_at', default: () => 'clock_timestamp()' }) readonly createdAt: Date;
  @Column('text', { name: 'ended_by', nullable: true }) endedBy: string | null;
}
