/** What each group of routes is about, in the order of the documentation. A tag that a controller uses stands here. */
export const API_TAGS: Readonly<Record<string, string>> = {
  health: 'For load balancers and service managers; without a token, and telling nothing but up or down.',
  devices: 'The registered terminals, and those that dial in and wait to be registered.',
  'sync runs': 'Complete, proven reads of a terminal: begin one, watch it, look at how it ended.',
  buffer: 'Everybody who was met on a terminal, mapped to a person or not.',
  punches: 'The attendance records of the terminals.',
  audit: 'What happened, when, and by whom; append-only.',
  aas: 'The files of an AAS 6.0 attendance program, if one is followed.',
};
