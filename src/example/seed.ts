/**
 * What the example database holds at the start: the same rows every time, made by counting, without chance or clock, so that two
 * instances answer alike and a test can name what it expects.
 */
import type { DatabaseSync } from 'node:sqlite'

const experienceCount = 240
const productCount = 80
const eventCount = 40
const slotDays = 14

const categories = ['tours', 'food', 'crafts', 'dance', 'nature', 'music'] as const
const subjects: Record<(typeof categories)[number], readonly string[]> = {
  tours: ['Monte Albán at dawn', 'Mitla and its mosaics', 'The old town on foot', 'Hierve el Agua'],
  food: ['Seven moles', 'Mezcal from agave to glass', 'Market breakfast', 'Tlayudas over coals'],
  crafts: ['Black clay of Coyotepec', 'Weaving in Teotitlán', 'Alebrijes of Arrazola', 'Tin and paint'],
  dance: ['Flor de Piña', 'Danza de la Pluma', 'Jarabe Mixteco', 'Sones de la Costa'],
  nature: ['Sierra Norte walk', 'Cloud forest birds', 'Night sky of the Mixteca', 'Lagoons of Chacahua'],
  music: ['Brass band rehearsal', 'Marimba evening', 'Songs of the Isthmus', 'Making a chirimía'],
}
const hosts = ['Doña Carmen', 'Familia Mendoza', 'Colectivo Yagul', 'Taller Ruiz', 'Casa Lachatao']
const places = ['Auditorio Guelaguetza', 'Zócalo', 'Plaza de la Danza', 'Teatro Macedonio Alcalá']
const goods = ['Rug', 'Clay jug', 'Alebrije', 'Huipil', 'Chocolate', 'Mezcal', 'Tin heart', 'Basket']
const shelves = ['textiles', 'clay', 'wood', 'textiles', 'food', 'food', 'metal', 'palm']
const people = ['Lupita', 'Mateo', 'Ximena', 'Tomás', 'Itzel', 'Rodrigo', 'Nayeli', 'Andrés']

const badges = [
  ['first-steps', 'First steps', 'Check in for the first time', 1],
  ['wanderer', 'Wanderer', 'Check in at 3 places', 3],
  ['explorer', 'Explorer', 'Check in at 10 places', 10],
  ['oaxaca-by-heart', 'Oaxaca by heart', 'Check in at 50 places', 50],
] as const

const appConfig = {
  title: 'Guelaguetza',
  season: { start: '2027-07-19', end: '2027-07-26' },
  languages: ['es', 'en', 'zap'],
  features: { bookings: true, marketplace: true },
}

export function seed(db: DatabaseSync): void {
  db.exec('BEGIN')
  seedUsers(db)
  seedExperiences(db)
  seedEvents(db)
  seedProducts(db)
  db.prepare('INSERT INTO settings (name, value) VALUES (?, ?)').run('app', JSON.stringify(appConfig))
  db.exec('COMMIT')
}

function seedUsers(db: DatabaseSync): void {
  const addUser = db.prepare('INSERT INTO users (id, name, role, xp) VALUES (?, ?, ?, ?)')
  addUser.run('admin', 'Admin', 'admin', 0)
  for (const [i, name] of people.entries()) addUser.run(fold(name), name, 'user', 900 - i * 100)
  for (let i = 1; i <= 120; i++) addUser.run(`visitor-${i}`, `Visitor ${i}`, 'user', (i * 37) % 800)
  const addBadge = db.prepare('INSERT INTO badges (id, title, description, checkIns) VALUES (?, ?, ?, ?)')
  for (const badge of badges) addBadge.run(...badge)
}

function seedExperiences(db: DatabaseSync): void {
  const addExperience = db.prepare(
    'INSERT INTO experiences (id, title, category, price, host, description) VALUES (?, ?, ?, ?, ?, ?)',
  )
  const addSlot = db.prepare('INSERT INTO slots (experience, date, time, places) VALUES (?, ?, ?, ?)')
  for (let id = 1; id <= experienceCount; id++) {
    const category = cycle(categories, id - 1)
    const subject = cycle(subjects[category], Math.floor((id - 1) / categories.length))
    const host = cycle(hosts, id)
    addExperience.run(id, `${subject} (${id})`, category, 200 + ((id * 73) % 20) * 50, host, describe(subject, host))
    for (let day = 0; day < slotDays; day++) {
      for (const time of ['09:00', '16:00']) addSlot.run(id, `2027-07-${15 + day}`, time, 20 + ((id + day) % 5) * 5)
    }
  }
}

function seedEvents(db: DatabaseSync): void {
  const add = db.prepare('INSERT INTO events (id, title, date, place, description) VALUES (?, ?, ?, ?, ?)')
  for (let id = 1; id <= eventCount; id++) {
    const place = cycle(places, id)
    add.run(id, `Lunes del Cerro ${id}`, `2027-07-${15 + (id % slotDays)}`, place, describe(`Evening ${id}`, place))
  }
}

function seedProducts(db: DatabaseSync): void {
  const add = db.prepare('INSERT INTO products (id, title, category, price, stock, description) VALUES (?, ?, ?, ?, ?, ?)')
  for (let id = 1; id <= productCount; id++) {
    const good = cycle(goods, id)
    add.run(
      id,
      `${good} no. ${id}`,
      cycle(shelves, id),
      80 + ((id * 31) % 40) * 20,
      5 + (id % 30),
      describe(good, cycle(hosts, id)),
    )
  }
}

function describe(what: string, whose: string): string {
  return `${what}, with ${whose}. Bring water, a hat and time: nothing here is in a hurry, and the best part is never on the programme.`
}

function cycle<T>(values: readonly T[], position: number): T {
  return values[position % values.length] as T
}

/** A name as an id: lower case, accents dropped. */
function fold(name: string): string {
  return name
    .normalize('NFD')
    .replace(/[^A-Za-z]/g, '')
    .toLowerCase()
}
