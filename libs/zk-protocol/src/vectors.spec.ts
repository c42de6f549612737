import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { formatWallTime, slot, wallTimeToDate } from '@app/kernel';
import {
  checksum,
  decodeFreeSizes,
  decodeOperationRecord,
  decodeOperationSet,
  decodeOptionReply,
  decodeOptionRequest,
  decodePacket,
  decodePunchEvent,
  decodePunchRecord,
  decodeTemplateSet,
  decodeTime,
  decodeEventTime,
  decodeUserRecord,
  decodeUserSet,
  describeOperation,
  describePrivilege,
  encodeBufferedRead,
  encodeEventTime,
  encodeFreeSizes,
  encodeOperationRecord,
  encodeOptionReply,
  encodePacket,
  encodePunchRecord,
  encodeSet,
  encodeTcpPacket,
  encodeTemplateRecord,
  encodeTime,
  encodeUserRecord,
  isReadOfWriteSession,
  isReadOrSessionCommand,
  nextReplyNumber,
  scrambleCommKey,
  TcpPacketDecoder,
  verifyCommKey,
  ZkFormatError,
  ZkOperation,
} from '@app/zk-protocol';

/* eslint-disable typescript/no-explicit-any -- the vectors are a foreign document; each test names the fields it reads */
const file = JSON.parse(readFileSync('test/fixtures/zk/vectors.json', 'utf8'));
const vectors: Record<string, any[]> = file.vectors;
const hex = (text: string): Buffer => Buffer.from(text, 'hex');
const wall = (iso: string): string => iso.replace('T', ' ');
const of = (iso: string): any => {
  const [year, month, day, hour, minute, second] = iso.match(/\d+/g)!.map(Number);
  return { year, month, day, hour, minute, second };
};

describe('the vectors of the ZK protocol', () => {
  it('covers every group of the file', () => {
    expect(Object.keys(vectors).toSorted()).toEqual(
      [
        'attendance16',
        'attendance40',
        'attendance8',
        'checksum',
        'comm_key',
        'events',
        'free_sizes',
        'hr_upload',
        'options',
        'packets',
        'privilege',
        'reply_number',
        'template_dataset',
        'template_record',
        'time_6byte',
        'time_u32',
        'time_u32_invalid_calendar',
        'user28',
        'user72',
      ].toSorted(),
    );
  });

  it.each(vectors.checksum)('checksum $id', (vector) => {
    if (vector.id === 'large') {
      // Given by a rule instead of by its bytes.
      const data = Buffer.from(Array.from({ length: 65_472 }, (_, i) => (i * 37 + 11) & 255));
      const packet = encodePacket({ command: 1501, session: 0x1234, reply: 9, data });
      expect(packet.readUInt16LE(2)).toBe(vector.checksum);
      return;
    }
    expect(checksum(hex(vector.payload_with_zero_checksum))).toBe(vector.checksum);
    expect(decodePacket(hex(vector.complete_payload))).toBeDefined();
  });

  it.each(vectors.packets)('packet $id', (vector) => {
    const packet = { command: vector.command, session: vector.session, reply: vector.reply, data: hex(vector.data) };
    expect(encodePacket(packet).toString('hex')).toBe(vector.udp);
    expect(encodeTcpPacket(packet).toString('hex')).toBe(vector.tcp);
    expect(decodePacket(hex(vector.udp))).toEqual(packet);
    expect(new TcpPacketDecoder().push(hex(vector.tcp))).toEqual([packet]);
  });

  it.each(vectors.comm_key)('comm key $key in session $session', (vector) => {
    expect(scrambleCommKey(vector.key, vector.session, vector.tick).toString('hex')).toBe(vector.auth_data);
    expect(verifyCommKey(vector.key, vector.session, hex(vector.auth_data))).toBe(true);
    expect(verifyCommKey(vector.key ^ 0x0001_0000, vector.session, hex(vector.auth_data))).toBe(false);
  });

  it.each(vectors.time_u32)('time $iso', ({ iso, value }) => {
    expect(formatWallTime(decodeTime(value))).toBe(wall(iso));
    expect(encodeTime(of(iso))).toBe(value);
  });

  it.each(vectors.time_u32_invalid_calendar)('a day that no calendar has', ({ value, decoded_fields }) => {
    const { year, month, day, hour, minute, second } = decodeTime(value);
    expect([year, month, day, hour, minute, second]).toEqual(decoded_fields);
  });

  it.each(vectors.time_6byte)('event time $iso', ({ iso, bytes }) => {
    expect(formatWallTime(decodeEventTime(hex(bytes)))).toBe(wall(iso));
    expect(encodeEventTime(of(iso)).toString('hex')).toBe(bytes);
  });

  it.each(vectors.user72)('user of 72 bytes $id', (vector) => {
    const record = decodeUserRecord(hex(vector.record), 72);
    const { fields } = vector;
    expect(record).toMatchObject({
      slot: fields.uid,
      privilege: fields.privilege,
      card: fields.card,
      group: fields.group,
    });
    expect(record).toMatchObject({ ownZones: fields.tz_own !== 0, zones: fields.tz, userId: fields.user_id });
    expect(record.password.toString('latin1')).toBe(fields.password);
    expect(record.name.toString('hex')).toBe(vector.name_hex);
    const again = encodeUserRecord(record, 72);
    // Left-overs behind a NUL are not part of the fields; all else comes back byte for byte.
    expect(decodeUserRecord(again, 72)).toMatchObject({ ...record, raw: again });
    if (!/junk|left|after/i.test(`${vector.id} ${vector.note}`)) expect(again.toString('hex')).toBe(vector.record);
  });

  it.each(vectors.user28)('user of 28 bytes $id', ({ record: bytes, fields }) => {
    const record = decodeUserRecord(hex(bytes), 28);
    expect(record).toMatchObject({
      slot: fields.uid,
      privilege: fields.privilege,
      card: fields.card,
      group: fields.group,
    });
    expect(record).toMatchObject({ zones: [fields.tz], userId: String(fields.pin2) });
    expect(record.password.toString('latin1')).toBe(fields.password);
    expect(record.name.toString('utf8')).toBe(fields.name);
    expect(encodeUserRecord(record, 28).toString('hex')).toBe(bytes);
  });

  it.each(vectors.free_sizes)('counters $id', ({ data, fields }) => {
    const sizes = decodeFreeSizes(hex(data));
    expect(sizes).toMatchObject({
      users: fields.users,
      templates: fields.templates,
      punches: fields.records,
      operations: fields.oplogs,
      administrators: fields.admins,
      passwords: fields.passwords,
      templateCapacity: fields.template_cap,
      userCapacity: fields.user_cap,
      punchCapacity: fields.record_cap,
      templatesFree: fields.template_free,
      usersFree: fields.user_free,
      punchesFree: fields.record_free,
    });
    expect(sizes.faces).toBe(fields.faces);
    expect(encodeFreeSizes(sizes, data.length === 160 ? 80 : 92).toString('hex')).toBe(data);
  });

  it.each(vectors.template_record)('template of finger $finger', (vector) => {
    const record = {
      slot: slot(vector.uid),
      finger: vector.finger,
      flag: vector.valid,
      template: hex(vector.template),
    };
    expect(encodeTemplateRecord(record).toString('hex')).toBe(vector.record);
    expect(decodeTemplateSet(encodeSet([hex(vector.record)]))).toEqual([record]);
  });

  it.each(vectors.template_dataset)('set of templates', ({ data, records }) => {
    const decoded = decodeTemplateSet(hex(data));
    expect(decoded).toHaveLength(records);
    expect(encodeSet(decoded.map(encodeTemplateRecord)).toString('hex')).toBe(data);
  });

  it.each(vectors.hr_upload)(
    'users inside an upload of $user_record_width bytes',
    ({ user_record_width: width, buffer }) => {
      const bytes = hex(buffer);
      const record = bytes.subarray(13, 13 + width);
      expect(bytes.readUInt32LE(0)).toBe(width + 1);
      expect(encodeUserRecord(decodeUserRecord(record, width), width)).toEqual(record);
    },
  );

  it.each([
    ...vectors.attendance40.map((vector) => ({ ...vector, width: 40 as const })),
    ...vectors.attendance16.map((vector) => ({ ...vector, width: 16 as const })),
    ...vectors.attendance8.map((vector) => ({ ...vector, width: 8 as const })),
  ])('punch of $width bytes', ({ record: bytes, fields, width }) => {
    const punch = decodePunchRecord(hex(bytes), width);
    expect(formatWallTime(punch.time)).toBe(wall(fields.time));
    expect([punch.first, punch.second]).toEqual([
      fields.verify ?? fields.byte8 ?? fields.byte2,
      fields.state ?? fields.byte9 ?? fields.byte7,
    ]);
    if (fields.user_id !== undefined || fields.pin2 !== undefined)
      expect(punch.userId).toBe(String(fields.user_id ?? fields.pin2));
    expect(punch.slot).toBe(fields.uid);
    expect(punch.workCode).toBe(fields.workcode);
    expect(encodePunchRecord(punch, width).toString('hex')).toBe(bytes);
  });

  it.each(vectors.events)('event $id', (vector) => {
    const packet = decodePacket(hex(vector.udp));
    expect(packet).toMatchObject({ command: 500, session: vector.event, reply: 0 });
    expect(packet.data.toString('hex')).toBe(vector.data);
    if (vector.event !== 1 || vector.fields === undefined) return;
    const { time, ...punch } = decodePunchEvent(packet.data);
    expect({ ...punch, time: formatWallTime(time) }).toEqual({
      userId: String(vector.fields.user_id),
      verify: vector.fields.verify,
      state: vector.fields.state,
      time: wall(vector.fields.time),
    });
  });

  it.each(vectors.reply_number)('after reply number $current comes $next', ({ current, next }) => {
    expect(nextReplyNumber(current)).toBe(next);
  });

  it.each(vectors.privilege)('privilege $byte', ({ byte, level_name, disabled }) => {
    const described = describePrivilege(byte);
    expect(described.disabled).toBe(disabled);
    const names: Record<string, string> = { user: 'user', enroller: 'enroller', manager: 'manager' };
    if (level_name in names) expect(described.level).toBe(names[level_name]);
  });

  it.each(vectors.options)('option $name $note', (vector) => {
    if (vector.request_data) expect(decodeOptionRequest(hex(vector.request_data))).toBe(vector.name);
    expect(decodeOptionReply(hex(vector.reply_data))).toBe(vector.value);
    const plain = encodeOptionReply(vector.name, vector.value);
    expect(decodeOptionReply(plain)).toBe(vector.value);
  });

  it.each(file.stream as any[])('stream $id', ({ chunks, payloads, error, end }) => {
    const decoder = new TcpPacketDecoder();
    const got: string[] = [];
    let failure: unknown;
    try {
      for (const chunk of chunks)
        got.push(...decoder.push(hex(chunk)).map((packet) => encodePacket(packet).toString('hex')));
      if (end) decoder.end();
    } catch (thrown) {
      failure = thrown;
    }
    expect(got).toEqual(payloads);
    if (error === undefined) expect(failure).toBeUndefined();
    else {
      expect(failure).toBeInstanceOf(ZkFormatError);
      expect((failure as ZkFormatError).code).toBe(`zk/${error}`);
    }
  });

  it.each(file.exchanges as any[])(
    'conversation $id',
    ({ steps, users, expected_user_ids: ids, user_record_width: width }) => {
      const data: Buffer[] = [];
      for (const step of steps) {
        const bytes = hex(step.tcp ?? step.udp);
        const [packet] = step.tcp ? new TcpPacketDecoder().push(bytes) : [decodePacket(bytes)];
        expect(step.tcp ? encodeTcpPacket(packet) : encodePacket(packet)).toEqual(bytes);
        if (step.from === 'device' && packet.command === 1501) data.push(packet.data);
      }
      if (users === undefined) return;
      expect(decodeUserSet(Buffer.concat(data), width).map(({ userId }) => userId)).toEqual(ids);
    },
  );
});

describe('the operation log', () => {
  const captured = hex('0000062ac29b68230300000007000205');

  it('has records of 16 bytes, as captured', () => {
    const { time, ...record } = decodeOperationRecord(captured);
    expect(record).toEqual({
      administrator: 0,
      operation: ZkOperation.FINGER_ENROLLED,
      unknown: 0x2a,
      parameters: [3, 0, 7, 0x0502],
    });
    expect(formatWallTime(time)).toBe('2018-06-25 16:09:38');
    expect(encodeOperationRecord({ ...record, time })).toEqual(captured);
  });

  it('is refused as a whole when a byte of it is missing or too many', () => {
    const set = encodeSet([captured, captured]);
    expect(decodeOperationSet(set)).toHaveLength(2);
    expect(decodeOperationSet(encodeSet([]))).toEqual([]);
    expect(() => decodeOperationSet(set.subarray(0, -1))).toThrow(ZkFormatError);
    expect(() => decodeOperationSet(encodeSet([captured, captured.subarray(1)]))).toThrow(
      '31 bytes of operations are no whole number of 16-byte records',
    );
    expect(() => decodeOperationRecord(captured, 1)).toThrow('needs 16 bytes, got 15');
  });

  it('keeps an entry whose day no calendar has, at the time that it gives', () => {
    const time = { year: 2026, month: 2, day: 30, hour: 23, minute: 59, second: 58 };
    const record = encodeOperationRecord({ administrator: 1, operation: 9, time, parameters: [5] });
    const [entry] = decodeOperationSet(encodeSet([record]));
    expect(entry).toMatchObject({ time, administrator: 1, parameters: [5, 0, 0, 0] });
    expect(wallTimeToDate(entry.time)).toBeUndefined();
  });

  it('has a description of every number, also of those without a name', () => {
    const described = Array.from({ length: 256 }, (_, code) => describeOperation(code));
    expect(new Set(described).size).toBe(256);
    expect([0, 9, 13, 15, 22, 26, 30, 77].map((code) => described[code])).toEqual([
      'switched on',
      'user deleted',
      'data cleared',
      'card operation (15)',
      'factory reset',
      'access setting changed (26)',
      'user enrolled',
      'operation 77',
    ]);
  });

  it('can be asked for by a read session in one form, and cleared by none', () => {
    const asked = (inner: number, dataType: number): boolean =>
      isReadOrSessionCommand(1503, encodeBufferedRead({ inner, dataType, extra: 0 }));
    expect([asked(34, 0), asked(34, 4), asked(33, 0), asked(33, 4), asked(14, 4)]).toEqual([
      true,
      ...Array(4).fill(false),
    ]);
    expect([isReadOrSessionCommand(34, hex('')), isReadOrSessionCommand(34, hex('04'))]).toEqual([true, false]);
    expect([33, 14].map((command) => isReadOrSessionCommand(command, hex('')))).toEqual([false, false]);
    expect(isReadOfWriteSession(33, hex(''))).toBe(false);
  });
});
