import { PERSON_TYPES, type PersonType } from '@app/kernel';
import { Check, Column, CreateDateColumn, Entity, Index, PrimaryGeneratedColumn, UpdateDateColumn } from 'typeorm';

/** A member of staff or a student, as the school or company knows them. */
@Entity('people')
@Index('people_external_reference', ['personType', 'externalReference'], { unique: true })
@Index('people_card_number', ['cardNumber'], { where: 'card_number is not null' })
@Check('people_person_type', `person_type in ('${PERSON_TYPES.join("', '")}')`)
export class Person {
  @PrimaryGeneratedColumn('identity', { type: 'bigint', generatedIdentity: 'ALWAYS' })
  readonly id: string;
  @Column('text', { name: 'person_type' }) personType: PersonType;
  /** The person's key in the HR or school system. */
  @Column('text', { name: 'external_reference', nullable: true }) externalReference: string | null;
  @Column('text') name: string;
  @Column('text', { name: 'card_number', nullable: true }) cardNumber: string | null;
  @Column('boolean', { default: true }) active: boolean;
  /** From 1, one more with each change; a trigger counts. */
  @Column('integer', { default: 1 }) readonly version: number;
  @CreateDateColumn({ type: 'timestamptz', name: 'created_at' }) readonly createdAt: Date;
  @UpdateDateColumn({ type: 'timestamptz', name: 'updated_at' }) readonly updatedAt: Date;
}
