export { countExpiredSessions, removeExpiredSessions } from './expired/remove-expired-sessions';
export { BrowserSession } from './browser-session.entity';
