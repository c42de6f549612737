import { type Fields } from '@app/aiface-protocol';
import { type WebSocket } from 'ws';
import { type AifaceEffect } from './aiface-faults.js';

const OVERSIZED_BYTES = 5 * 1024 * 1024;

/** Sends an honest reply as the effect makes it: in another form, more than once, altered, or not at all. */
export function sendWith(socket: WebSocket, { kind }: AifaceEffect, message: Fields, text: string): void {
  switch (kind) {
    case 'silence':
    case 'unheeded': // those that reply have a reply of their own
      return;
    case 'reconnect':
      socket.terminate();
      return;
    case 'reply-then-reconnect':
      socket.send(text, () => socket.terminate());
      return;
    case 'duplicate':
      socket.send(text);
      socket.send(text);
      return;
    case 'junk':
      socket.send('{"hello":"world"}');
      socket.send(text);
      return;
    case 'fragments':
      socket.send(text.slice(0, 5), { fin: false });
      socket.send(text.slice(5), { fin: true });
      return;
    case 'binary':
      socket.send(Buffer.from(text), { binary: true });
      return;
    default:
      socket.send(changedText(kind, message, text));
  }
}

/** A reply that is wrong, or odd, in itself. */
function changedText(kind: AifaceEffect['kind'], message: Fields, text: string): string {
  switch (kind) {
    case 'cut':
      return text.slice(0, Math.floor(text.length / 2));
    case 'not-json':
      return `<html>${text}</html>`;
    case 'refuse':
      return JSON.stringify({ ret: message.ret, cmd: message.cmd, sn: message.sn, result: false, reason: 1 });
    case 'wrong-serial':
      return JSON.stringify({ ...message, sn: 'SOMEONE-ELSE' });
    case 'wrong-command':
      return JSON.stringify({ ...message, ret: 'getquestionnaire' });
    case 'empty':
      return JSON.stringify({ ret: message.ret, cmd: message.cmd, sn: message.sn, result: true });
    case 'oversized':
      return JSON.stringify({ ...message, filler: 'x'.repeat(OVERSIZED_BYTES) });
    case 'odd-json':
      return oddJson(text);
    default:
      return text;
  }
}

/** Padded keys, numbers of users as texts, a comma before a closing bracket. */
function oddJson(text: string): string {
  return text
    .replaceAll('"ret":', '"ret ": ')
    .replace(/"(enrollid|admin)":(\d+)/g, '" $1" : "$2"')
    .replaceAll('}]', '},]');
}
