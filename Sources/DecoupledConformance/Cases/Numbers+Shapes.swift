import DecoupledCore

/// Shapes that no vector or tile divides.
extension Numbers {
  /// A shape of any rank that the networks use.
  mutating func shape() -> [Int] {
    switch int(0...5) {
    case 0: [int(1...70)]
    case 1: [int(1...5), int(1...70)]
    case 2: [int(1...4), int(1...9), int(1...33)]
    default: image()
    }
  }

  mutating func image() -> [Int] { [int(1...4), channels(), int(1...14), int(1...21)] }

  /// Channels around the widths of vectors and panels.
  mutating func channels() -> Int { chance(0.4) ? pick([1, 3, 4, 8, 15, 16, 17, 31, 32, 33]) : int(1...24) }

  /// A per-image operand for these rows: one row for each of them, or one for each image and `row_to_image`.
  mutating func perImage(_ rows: [Int]) -> [InputSpec] {
    if chance(0.5) { return [.tensor(rows)] + (chance(0.5) ? [] : [.absent]) }
    return [.tensor([int(1...3)] + rows.dropFirst()), .tensor([rows[0]])]
  }

  /// The same where the attribute `mapped` says that there is `row_to_image`.
  mutating func mappedPerImage(_ rows: [Int], mayBeMapped: Bool = true) -> ([InputSpec], [Attribute]) {
    guard mayBeMapped, chance(0.4) else { return ([.tensor(rows)], []) }
    return ([.tensor([int(1...3)] + rows.dropFirst()), .tensor([rows[0]])], [.flag("mapped", true)])
  }
}
