export { type Notice, NOTICE_SEVERITIES, NOTICE_TOPICS, type NoticeSeverity, type NoticeTopic } from './notice.js';
export { Notifications } from './notifications.js';
