/**
 * The name of a label in Redis: 96 bits of its SHA-256, so that a long key costs a member of fixed size and no label can pretend to be one
 * of the ledger's own members. Two labels with one digest would be purged together: too much, never too little.
 */
import { hash } from 'node:crypto'
import type { Label } from '../cache/label.ts'

export function digestLabel(label: Label): string {
  return hash('sha256', label, 'base64url').slice(0, 16)
}
