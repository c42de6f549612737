import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Remembers that another terminal answers for a registered one, until an administrator accepts it or the registered one
 * is back. Takes ACCESS EXCLUSIVE on devices for a moment.
 */
export class QuarantineSwappedTerminals1764300000021 implements MigrationInterface {
  name = 'QuarantineSwappedTerminals1764300000021';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(
      `alter table devices
         add column quarantined_at timestamptz, add column found_serial_number text,
         add constraint devices_quarantine check ((quarantined_at is null) = (found_serial_number is null))`,
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(
      `alter table devices drop constraint devices_quarantine, drop column quarantined_at, drop column found_serial_number`,
    );
  }
}
