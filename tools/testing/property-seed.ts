import fc from 'fast-check'

// Property tests take a new seed on every run and print it when they fail. `WINDROW_FC_SEED` replays a run;
// `WINDROW_FC_RUNS` sets how many cases a property gets that does not say so itself.
const seed = process.env['WINDROW_FC_SEED']
const runs = process.env['WINDROW_FC_RUNS']

fc.configureGlobal({
  ...(seed === undefined ? {} : { seed: Number(seed) }),
  ...(runs === undefined ? {} : { numRuns: Number(runs) }),
})
