/// The innermost loop of all products: a few rows by 16 columns of the result stay in registers while a panel of 16 columns
/// of B passes by.
///
/// Each element of the result is one sum in the order of the depth, whichever rows are computed with it: its bits do not
/// depend on how rows are grouped.

/// A number of rows as a type, so that the loop over them is unrolled.
struct RowCount<let count: Int> {}

enum MicroKernel {
  /// Rows that fill the registers: of 16 registers of 8 floats, 12 hold sums.
  #if X86_64_V2
    static let rows = 3
  #elseif X86_64_V4
    static let rows = 12
  #else
    static let rows = 6
  #endif

  /// c = a * b, or c += a * b, for `count` rows and 16 columns.
  /// - Parameters:
  ///   - a: element (row, depth) is `a[row * rowStep + depth * depthStep]`.
  ///   - b: row `depth` of the panel is `b[depth * bStep..<depth * bStep + 16]`.
  @inline(__always) private static func tile<let count: Int>(
    _: RowCount<count>, depth: Int, _ a: UnsafePointer<Float>, rowStep: Int, depthStep: Int,
    _ b: UnsafePointer<Float>, _ bStep: Int, _ c: UnsafeMutablePointer<Float>, _ cStep: Int, adds: Bool
  ) {
    var sums = InlineArray<count, Vector16>(repeating: Vector16())
    if adds { for row in 0..<count { sums[row] = load16(c + row * cStep) } }
    var (a, b) = (a, b)
    for _ in 0..<depth {
      let columns = load16(b)
      for row in 0..<count {
        sums[row] = multiplyAdd(sums[row], columns, Vector16(repeating: a[row * rowStep]))
      }
      a += depthStep
      b += bStep
    }
    for row in 0..<count { store16(sums[row], c + row * cStep) }
  }

  @inline(__always) private static func tile(
    rows: Int, depth: Int, _ a: UnsafePointer<Float>, rowStep: Int, depthStep: Int, _ b: UnsafePointer<Float>,
    _ bStep: Int, _ c: UnsafeMutablePointer<Float>, _ cStep: Int, adds: Bool
  ) {
    func run<let count: Int>(_ rows: RowCount<count>) {
      tile(rows, depth: depth, a, rowStep: rowStep, depthStep: depthStep, b, bStep, c, cStep, adds: adds)
    }
    switch rows {
    case 1: run(RowCount<1>())
    case 2: run(RowCount<2>())
    case 3: run(RowCount<3>())
    #if !X86_64_V2
      case 4: run(RowCount<4>())
      case 5: run(RowCount<5>())
      case 6: run(RowCount<6>())
    #endif
    #if X86_64_V4
      case 7: run(RowCount<7>())
      case 8: run(RowCount<8>())
      case 9: run(RowCount<9>())
      case 10: run(RowCount<10>())
      case 11: run(RowCount<11>())
      case 12: run(RowCount<12>())
    #endif
    default: break
    }
  }

  /// `rows` rows by one panel, where the elements of a row of A follow each other.
  @inline(never) static func panel(
    rows: Int, depth: Int, _ a: UnsafePointer<Float>, _ aStep: Int, _ b: UnsafePointer<Float>, _ bStep: Int,
    _ c: UnsafeMutablePointer<Float>, _ cStep: Int, adds: Bool
  ) {
    eachGroup(rows) { first, count in
      tile(
        rows: count, depth: depth, a + first * aStep, rowStep: aStep, depthStep: 1, b, bStep, c + first * cStep, cStep,
        adds: adds)
    }
  }

  /// The same where the elements of a column of A follow each other, `aStep` from one depth to the next.
  @inline(never) static func panel(
    rows: Int, depth: Int, columnsOf a: UnsafePointer<Float>, _ aStep: Int, _ b: UnsafePointer<Float>,
    _ bStep: Int, _ c: UnsafeMutablePointer<Float>, _ cStep: Int, adds: Bool
  ) {
    eachGroup(rows) { first, count in
      tile(
        rows: count, depth: depth, a + first, rowStep: 1, depthStep: aStep, b, bStep, c + first * cStep, cStep,
        adds: adds)
    }
  }

  /// The same where A was copied group by group: within a group, the rows' elements of one depth follow each other.
  @inline(never) static func panel(
    rows: Int, depth: Int, groupsOf a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ bStep: Int,
    _ c: UnsafeMutablePointer<Float>, _ cStep: Int, adds: Bool
  ) {
    eachGroup(rows) { first, count in
      tile(
        rows: count, depth: depth, a + first * depth, rowStep: 1, depthStep: count, b, bStep, c + first * cStep, cStep,
        adds: adds)
    }
  }

  /// Cuts rows into groups of about equal size: few rows in a group leave multipliers idle.
  @inline(__always) static func eachGroup(_ count: Int, _ body: (_ first: Int, _ rows: Int) -> Void) {
    let groups = (count + rows - 1) / rows
    var first = 0
    for group in 0..<groups {
      let next = (group + 1) * count / groups
      body(first, next - first)
      first = next
    }
  }
}
