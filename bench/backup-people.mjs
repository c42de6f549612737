import { library } from './support.mjs';

const FINGERS = [6, 7];
const LEAST_TEMPLATE_BYTES = 480;
const POOL_BYTES = 1024 * 1024;

/** So many people with two fingers each, and cards of their own; the same ones in every process. */
export async function inventPeople(count) {
  const { inventUsers, randomNumbers } = await library('device-emulator');
  const random = randomNumbers(7);
  const pool = Buffer.from(Uint8Array.from({ length: POOL_BYTES }, () => random() * 256));
  const template = () => {
    const size = LEAST_TEMPLATE_BYTES + Math.floor(random() * 120);
    const at = Math.floor(random() * (POOL_BYTES - size));
    return pool.subarray(at, at + size);
  };
  return inventUsers({ count, seed: 1 }).map((user) => ({
    // Invented cards may be equal, and then a restore rightly refuses the second.
    user: { ...user, card: user.card === 0 ? 0 : 1_000_000 + user.slot },
    templates: FINGERS.map((finger) => ({ slot: user.slot, finger, flag: 1, template: template() })),
  }));
}
