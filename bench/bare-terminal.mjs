import { once } from 'node:events';
import { connect } from 'node:net';
import { library } from './support.mjs';

const CHUNK_BYTES = 65_472;
const PACKET_HEAD_BYTES = 16;
const PREPARE_BYTES = 8;

const zk = await library('zk-protocol');
const { Command } = zk;

/**
 * A bare socket to an emulated terminal, which sends commands and counts the bytes that come back: the price of sockets and
 * emulator alone.
 */
export class BareTerminal {
  #socket;
  #packetBytes;
  #session = 0;
  #reply = 0;

  static async open(port, packetBytes) {
    const terminal = new BareTerminal();
    terminal.#packetBytes = packetBytes;
    terminal.#socket = connect({ port, host: '127.0.0.1', noDelay: true });
    await once(terminal.#socket, 'connect');
    const answer = await terminal.#ask(Command.CONNECT, Buffer.alloc(0), PACKET_HEAD_BYTES);
    terminal.#session = answer.readUInt16LE(12);
    return terminal;
  }

  /** Takes all users and all templates; gives how many bytes these sets have. */
  async takeSets() {
    return (await this.#takeSet(zk.USERS_READ)) + (await this.#takeSet(zk.TEMPLATES_READ));
  }

  /** Writes one user with fingers, as a restore does, with its keypad locked meanwhile. */
  async write({ user, templates }) {
    const password = Buffer.from(user.password, 'latin1');
    const record = zk.encodeUserRecord({ ...user, password }, 72);
    const upload = zk.encodeUpload(zk.encodeUserUpload({ record, templates }));
    const enable = { command: Command.ENABLE_DEVICE, data: Buffer.alloc(0) };
    const writes = [zk.encodeDisable(30), zk.encodeFreeBuffer(), ...upload, zk.encodeSaveUpload(), zk.encodeRefresh()];
    for (const { command, data } of [...writes, enable]) await this.#ask(command, data, PACKET_HEAD_BYTES);
  }

  close() {
    this.#socket.destroy();
  }

  async #takeSet(request) {
    const status = await this.#ask(Command.BUFFERED_READ, zk.encodeBufferedRead(request), PACKET_HEAD_BYTES + 13);
    const size = zk.decodeBufferStatus(status.subarray(PACKET_HEAD_BYTES));
    for (let offset = 0; offset < size; offset += CHUNK_BYTES) {
      const wanted = Math.min(CHUNK_BYTES, size - offset);
      const packets = Math.ceil(wanted / this.#packetBytes);
      const bytes = (packets + 2) * PACKET_HEAD_BYTES + PREPARE_BYTES + wanted;
      await this.#ask(Command.READ_CHUNK, zk.encodeChunkRequest(offset, wanted), bytes);
    }
    return size;
  }

  /** Gives the first bytes of the answer once all of it is there. */
  #ask(command, data, answerBytes) {
    const packet = zk.encodeTcpPacket({ command, session: this.#session, reply: this.#reply, data });
    this.#reply = zk.nextReplyNumber(this.#reply);
    return new Promise((resolve, reject) => {
      let first;
      let due = answerBytes;
      const take = (bytes) => {
        first ??= bytes;
        due -= bytes.length;
        if (due > 0) return;
        this.#socket.off('data', take).off('close', fail);
        resolve(first);
      };
      const fail = () => reject(new Error(`the terminal did not answer command ${command}`));
      this.#socket.on('data', take).on('close', fail);
      this.#socket.write(packet);
    });
  }
}
