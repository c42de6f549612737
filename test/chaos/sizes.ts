/** How much chaos: a taste in CI, everything with `npm run soak`. */
export const SIZES =
  process.env.CHAOS === 'full'
    ? {
        full: true,
        processes: 4,
        contenders: 8,
        rounds: 1_000,
        kills: 500,
        loops: 20,
        serviceRounds: 30,
        testMs: 3_600_000,
      }
    : { full: false, processes: 3, contenders: 4, rounds: 12, kills: 16, loops: 2, serviceRounds: 3, testMs: 180_000 };
