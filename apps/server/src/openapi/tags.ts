/** What each group of routes is about, in the order of the documentation. A tag that a controller uses stands here. */
export const API_TAGS: Readonly<Record<string, string>> = {
  health: 'For load balancers and service managers; without a token, and telling nothing but up or down.',
  devices: 'The registered terminals, and those that dial in and wait to be registered.',
  'sync runs': 'Complete, proven reads of a terminal: begin one, watch it, look at how it ended.',
  buffer: 'Everybody who was met on a terminal, mapped to a person or not.',
  mappings: 'Which device user is which person, now.',
  people: 'Staff and students, kept here or fed by an HR or school system; nothing here changes a terminal.',
  conflicts: 'Where a terminal and the database contradict each other, and how a person settles it.',
  'device users': 'Deleting one user from a terminal, with a reason, and bringing it back.',
  session: 'Signing in and out, and the first administrator.',
  accounts: 'Who may sign in, and which programs may ask.',
  events: 'What happens, told as it happens.',
  metrics: 'Figures of the running server, for Prometheus.',
  punches: 'The attendance records of the terminals.',
  audit: 'What happened, when, and by whom; append-only.',
  aas: 'The files of an AAS 6.0 attendance program, if one is followed.',
};
