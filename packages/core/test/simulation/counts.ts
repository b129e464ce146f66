/** What became of the samples a query matched; each counts once, under its worst outcome. */
export class Counts {
  matched = 0
  applied = 0
  lateApplied = 0
  /** Behind the lateness, whatever is done about it. */
  tooLate = 0
  excluded = 0

  copy(): Counts {
    return Object.assign(new Counts(), this)
  }

  add(other: Counts): void {
    this.matched += other.matched
    this.applied += other.applied
    this.lateApplied += other.lateApplied
    this.tooLate += other.tooLate
    this.excluded += other.excluded
  }
}
