/**
 * The example's tables: SQLite in memory, filled by `seed.ts`, gone when the process ends. Every query elsewhere is a prepared
 * statement with parameters; no value ever becomes SQL text.
 */
import { DatabaseSync } from 'node:sqlite'
import { seed } from './seed.ts'

const schema = `
  CREATE TABLE users (id TEXT PRIMARY KEY, name TEXT NOT NULL, role TEXT NOT NULL, xp INTEGER NOT NULL DEFAULT 0);
  CREATE TABLE badges (id TEXT PRIMARY KEY, title TEXT NOT NULL, description TEXT NOT NULL, checkIns INTEGER NOT NULL);
  CREATE TABLE userBadges (user TEXT NOT NULL, badge TEXT NOT NULL, PRIMARY KEY (user, badge));
  CREATE TABLE checkIns (id INTEGER PRIMARY KEY, user TEXT NOT NULL, place TEXT NOT NULL);
  CREATE TABLE experiences (
    id INTEGER PRIMARY KEY, title TEXT NOT NULL, category TEXT NOT NULL, price INTEGER NOT NULL, host TEXT NOT NULL,
    description TEXT NOT NULL
  );
  CREATE TABLE slots (
    id INTEGER PRIMARY KEY, experience INTEGER NOT NULL, date TEXT NOT NULL, time TEXT NOT NULL, places INTEGER NOT NULL,
    taken INTEGER NOT NULL DEFAULT 0
  );
  CREATE TABLE bookings (
    id INTEGER PRIMARY KEY, user TEXT NOT NULL, experience INTEGER NOT NULL, slot INTEGER NOT NULL, places INTEGER NOT NULL
  );
  CREATE TABLE events (
    id INTEGER PRIMARY KEY, title TEXT NOT NULL, date TEXT NOT NULL, place TEXT NOT NULL, description TEXT NOT NULL
  );
  CREATE TABLE rsvps (user TEXT NOT NULL, event INTEGER NOT NULL, PRIMARY KEY (user, event));
  CREATE TABLE products (
    id INTEGER PRIMARY KEY, title TEXT NOT NULL, category TEXT NOT NULL, price INTEGER NOT NULL, stock INTEGER NOT NULL,
    description TEXT NOT NULL
  );
  CREATE TABLE cartItems (
    id INTEGER PRIMARY KEY, user TEXT NOT NULL, product INTEGER NOT NULL, quantity INTEGER NOT NULL, UNIQUE (user, product)
  );
  CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);
  CREATE INDEX experiencesByCategory ON experiences (category);
  CREATE INDEX slotsByExperience ON slots (experience, date);
  CREATE INDEX bookingsByUser ON bookings (user);
  CREATE INDEX checkInsByUser ON checkIns (user);
  CREATE INDEX rsvpsByEvent ON rsvps (event);
  CREATE INDEX usersByXp ON users (xp);
`

/** A fresh database with the same content every time. */
export function openDatabase(): DatabaseSync {
  const db = new DatabaseSync(':memory:')
  db.exec(schema)
  seed(db)
  return db
}

/** Runs `work` as one transaction: all of it happens, or none. */
export function atomically<T>(db: DatabaseSync, work: () => T): T {
  db.exec('BEGIN')
  try {
    const result = work()
    db.exec('COMMIT')
    return result
  } catch (error) {
    db.exec('ROLLBACK')
    throw error
  }
}
