import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Only devices that are read need an address of their own: where a terminal was replaced, the old one is switched off and
 * stays with all that was read from it, and the new one is registered at the same address.
 *
 * Takes SHARE on devices for as long as a small index takes.
 */
export class AddressOfEnabledDevices1764100000004 implements MigrationInterface {
  name = 'AddressOfEnabledDevices1764100000004';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('drop index devices_address');
    await queryRunner.query('create unique index devices_address on devices (host, port, transport) where enabled');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('drop index devices_address');
    await queryRunner.query('create unique index devices_address on devices (host, port, transport)');
  }
}
