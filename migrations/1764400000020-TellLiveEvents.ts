import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What happens is told by triggers of the tables that it happens in: no feature knows of live events, and an event is
 * there exactly if its transaction was committed. `pg_notify` wakes whoever listens, at the commit.
 *
 * `xid` is the number of the writing transaction. Numbers of rows are given out before transactions commit, so that a
 * reader who went on from the highest number would miss those that commit later. Readers go by `(xid, id)` and believe
 * only rows below `pg_snapshot_xmin`: every transaction below it has ended, so nothing can still appear there.
 *
 * `live_event_stream` is one row. `floor` is the highest place that retention has removed. `epoch` changes when the
 * tables were put into another PostgreSQL, whose transactions are numbered anew; places of an older epoch mean nothing.
 *
 * The index on punches is for the figure of those without an instant, and takes SHARE on punches while it is made.
 * Takes SHARE ROW EXCLUSIVE on sync_runs, incidents, device_user_count_history, device_writes and device_watch for a moment.
 */
export class TellLiveEvents1764400000020 implements MigrationInterface {
  name = 'TellLiveEvents1764400000020';

  async up(queryRunner: QueryRunner): Promise<void> {
    for (const statement of UP) await queryRunner.query(statement);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const statement of DOWN) await queryRunner.query(statement);
  }
}

const UP = [
  `create table live_events (
     id bigint generated always as identity,
     xid bigint not null,
     type text not null,
     event text not null,
     device_id bigint not null,
     data jsonb not null,
     happened_at timestamptz not null,
     constraint live_events_pkey primary key (id),
     constraint live_events_type check (type in ('run', 'incident', 'count', 'operation', 'device'))
   )`,
  `create index live_events_place on live_events (xid, id)`,
  `create index live_events_time on live_events (happened_at)`,
  `create table live_event_stream (
     id integer not null,
     epoch text not null,
     floor_xid bigint not null,
     floor_id bigint not null,
     constraint live_event_stream_pkey primary key (id),
     constraint live_event_stream_one check (id = 1)
   )`,
  `insert into live_event_stream (id, epoch, floor_xid, floor_id) values (1, left(gen_random_uuid()::text, 8), 0, 0)`,
  `create function tell_live_event(type text, event text, device_id bigint, data jsonb) returns void language plpgsql as $$
   begin
     insert into live_events (xid, type, event, device_id, data, happened_at)
     values (pg_current_xact_id()::text::bigint, type, event, device_id, data, clock_timestamp());
     perform pg_notify('holdfast_live_events', '');
   end $$`,

  `create index punches_without_instant on punches (device_id) where instant is null`,

  `create function sync_runs_tell() returns trigger language plpgsql as $$
   begin
     if tg_op = 'DELETE' then
       perform tell_live_event('run', 'withdrawn', old.device_id, jsonb_build_object('run_id', old.id::text, 'service', old.service));
       return null;
     end if;
     if tg_op = 'UPDATE' and old.outcome = new.outcome then return null; end if;
     perform tell_live_event('run', case when new.outcome = 'running' then 'started' else 'finished' end, new.device_id,
       jsonb_build_object('run_id', new.id::text, 'service', new.service, 'outcome', new.outcome, 'error_code', new.error_code,
         'users_read', new.users_read, 'newly_buffered', new.newly_buffered, 'punches_imported', new.punches_imported));
     return null;
   end $$`,
  `create trigger sync_runs_tell after insert or delete or update of outcome on sync_runs for each row execute function sync_runs_tell()`,

  // An incident of which only the causes or the time have changed is not news.
  `create function incidents_tell() returns trigger language plpgsql as $$
   declare what text := 'opened';
   begin
     if tg_op = 'UPDATE' then
       if (old.state, old.level, old.missing_users, old.known_users, old.reopened)
            is not distinct from (new.state, new.level, new.missing_users, new.known_users, new.reopened) then return null; end if;
       what := case when old.state = new.state then 'changed' when new.state = 'open' then 'opened' else 'closed' end;
     end if;
     perform tell_live_event('incident', what, new.device_id,
       jsonb_build_object('incident_id', new.id::text, 'kind', new.kind, 'state', new.state, 'level', new.level,
         'missing_users', new.missing_users, 'known_users', new.known_users));
     return null;
   end $$`,
  `create trigger incidents_tell after insert or update on incidents for each row execute function incidents_tell()`,

  `create function device_user_count_history_tell() returns trigger language plpgsql as $$
   begin
     perform tell_live_event('count', 'changed', new.device_id, jsonb_build_object('user_count', new.user_count));
     return null;
   end $$`,
  `create trigger device_user_count_history_tell after insert on device_user_count_history
     for each row execute function device_user_count_history_tell()`,

  // Not who asked for it and why: that is for operators, in the audit log.
  `create function device_writes_tell() returns trigger language plpgsql as $$
   begin
     if tg_op = 'UPDATE' and old.state = new.state then return null; end if;
     perform tell_live_event('operation', case when new.state = 'open' then 'intended' else 'settled' end, new.device_id,
       jsonb_build_object('write_id', new.id::text, 'kind', new.kind, 'device_user_id', new.device_user_id, 'state', new.state,
         'error_code', new.error_code));
     return null;
   end $$`,
  `create trigger device_writes_tell after insert or update on device_writes for each row execute function device_writes_tell()`,

  `create function device_watch_tell() returns trigger language plpgsql as $$
   declare
     was_failing boolean := tg_op = 'UPDATE' and old.failing_since is not null;
     was_paused_until timestamptz := case when tg_op = 'UPDATE' then old.paused_until end;
     facts jsonb := jsonb_build_object('failures', new.failures, 'error_code', new.last_failure_code, 'failing_since', new.failing_since,
       'paused_until', new.paused_until);
   begin
     if new.failing_since is not null and not was_failing then perform tell_live_event('device', 'failing', new.device_id, facts); end if;
     if new.paused_until is not null and new.paused_until is distinct from was_paused_until then
       perform tell_live_event('device', 'paused', new.device_id, facts);
     end if;
     if new.failing_since is null and was_failing then
       perform tell_live_event('device', 'recovered', new.device_id, facts - 'error_code');
     end if;
     return null;
   end $$`,
  `create trigger device_watch_tell after insert or update of failing_since, paused_until on device_watch
     for each row execute function device_watch_tell()`,
];

const DOWN = [
  `drop index punches_without_instant`,
  ...['device_watch', 'device_writes', 'device_user_count_history', 'incidents', 'sync_runs'].flatMap((table) => [
    `drop trigger ${table}_tell on ${table}`,
    `drop function ${table}_tell()`,
  ]),
  `drop function tell_live_event(text, text, bigint, jsonb)`,
  `drop table live_event_stream`,
  `drop table live_events`,
];
