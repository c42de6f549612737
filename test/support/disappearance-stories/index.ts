export { type Score, scoreStories, scoreTable, total } from './scorer.js';
export { storiesFrom, type Story, storyOf } from './story.js';
