import { hostname } from 'node:os';
import { DeviceGateway } from '@app/device-gateway';
import { type Device } from '@app/devices';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { type Repository } from 'typeorm';
import { TerminalPresenceRow } from './dial-in.entities.js';

/** How often a server notes whom it has; whoever is not noted for longer than `GONE_AFTER` is on no server. */
const GONE_AFTER = '150 seconds';
/** Terminals dial again after seconds, some after a minute: this long, an absent one is no news. */
const RETURNS_WITHIN = '2 minutes';

/** Where a terminal that dials in is. `expected`: it has just gone, or everything has just begun. */
export type Whereabouts =
  | { readonly kind: 'here' | 'expected' | 'absent'; readonly lastHeardAt?: Date }
  | { readonly kind: 'elsewhere'; readonly server: string };

/** Which terminals are connected, and to which of the servers on this database. */
@Injectable()
export class TerminalPresence {
  /** This process, for people. */
  readonly server = `${hostname()}:${process.pid}`;
  private startedAt = new Date();

  constructor(
    @InjectRepository(TerminalPresenceRow) private readonly rows: Repository<TerminalPresenceRow>,
    private readonly gateway: DeviceGateway,
  ) {}

  async noteArrival(serialNumber: string, address: string): Promise<void> {
    await this.rows.query(
      `insert into terminal_presence (serial_number, server, address, connected_at, last_heard_at)
       values ($1, $2, $3, clock_timestamp(), clock_timestamp())
       on conflict (serial_number) do update
          set server = excluded.server, address = excluded.address, connected_at = excluded.connected_at,
              last_heard_at = excluded.last_heard_at, disconnected_at = null`,
      [serialNumber, this.server, address],
    );
  }

  /** Notes that a terminal has gone, unless it has dialled another server meanwhile, or this one again. */
  async noteDeparture(serialNumber: string): Promise<void> {
    if (this.gateway.isConnected(serialNumber)) return;
    await this.rows.query(
      `update terminal_presence set disconnected_at = clock_timestamp()
        where serial_number = $1 and server = $2 and disconnected_at is null`,
      [serialNumber, this.server],
    );
  }

  /** Notes that these are still here. */
  async noteStillHere(serialNumbers: readonly string[]): Promise<void> {
    await this.rows.query(
      `update terminal_presence set last_heard_at = clock_timestamp(), disconnected_at = null
        where serial_number = any($1::text[]) and server = $2`,
      [serialNumbers, this.server],
    );
  }

  async find(serialNumber: string): Promise<TerminalPresenceRow | null> {
    return this.rows.findOne({ where: { serialNumber } });
  }

  async whereaboutsOf({ serialNumber, createdAt }: Device): Promise<Whereabouts> {
    if (serialNumber === null) return { kind: 'absent' };
    if (this.gateway.isConnected(serialNumber)) return { kind: 'here' };
    const [row] = await this.rows.query<(PresenceState | undefined)[]>(
      `select p.server, p.last_heard_at,
              coalesce(p.disconnected_at is null and p.server <> $2
                and p.last_heard_at > clock_timestamp() - interval '${GONE_AFTER}', false) as elsewhere,
              greatest(p.last_heard_at, p.disconnected_at, $3::timestamptz, $4::timestamptz)
                > clock_timestamp() - interval '${RETURNS_WITHIN}' as expected
         from (select 1) always left join terminal_presence p on p.serial_number = $1`,
      [serialNumber, this.server, createdAt, this.startedAt],
    );
    if (row?.elsewhere) return { kind: 'elsewhere', server: row.server };
    return { kind: row?.expected ? 'expected' : 'absent', lastHeardAt: row?.last_heard_at ?? undefined };
  }
}

interface PresenceState {
  readonly server: string;
  readonly last_heard_at: Date | null;
  readonly elsewhere: boolean;
  readonly expected: boolean;
}
