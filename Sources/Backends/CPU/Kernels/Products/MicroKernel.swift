/// The innermost loop of all products: a few rows by 16 columns of the result stay in registers while a panel of 16 columns
/// of B passes by.
///
/// Each element of the result is one sum in the order of the depth, whichever rows are computed with it: its bits do not
/// depend on how rows are grouped.
import CProcessor

/// A number of rows as a type, so that the loop over them is unrolled.
struct RowCount<let count: Int> {}

/// A row of the result in two panels.
private struct PanelPair {
  var first: Vector16
  var second: Vector16
}

/// Panels of 16 columns that stand side by side in the result.
struct Panels {
  let start: UnsafePointer<Float>
  /// Floats from one panel to the next.
  let step: Int
  /// Floats from one depth to the next within a panel.
  let depthStep: Int
  let count: Int
  /// Floats from a panel to what is asked for while it passes by for the first time.
  let ahead: Int

  /// - Parameter ahead: by default to the panels behind it.
  init(_ start: UnsafePointer<Float>, step: Int = 0, depthStep: Int = 16, count: Int = 1, ahead: Int? = nil) {
    (self.start, self.step, self.depthStep, self.count) = (start, step, depthStep, count)
    self.ahead = ahead ?? MicroKernel.panelsAtOnce * step
  }

  /// What the rows from `first` on ask for while they meet `panel`: later rows find all of it there.
  @inline(__always) func ahead(of panel: Int, first: Int) -> UnsafePointer<Float> {
    start + (panel * step + (first == 0 ? ahead : 0))
  }
}

enum MicroKernel {
  /// Rows that fill the registers: of 16 registers of 8 floats, 12 hold sums; of 32 registers of 16 floats, 24 do
  /// (with more, the compiler leaves them in memory).
  #if X86_64_V2
    static let rows = 3
  #elseif X86_64_V4
    static let rows = 12
  #else
    static let rows = 6
  #endif

  /// Panels that pass by together. With two, each element of A that is loaded meets 32 columns: one alone would make the
  /// loads, of which there are as many a cycle as products, the limit.
  #if X86_64_V4
    static let panelsAtOnce = 2
  #else
    static let panelsAtOnce = 1
  #endif

  /// c = a * b, or c += a * b, for `count` rows and 16 columns.
  /// - Parameters:
  ///   - a: element (row, depth) is `a[row * rowStep + depth * depthStep]`.
  ///   - b: row `depth` of the panel is `b[depth * bStep..<depth * bStep + 16]`.
  ///   - ahead: asked for meanwhile, in lines as far apart.
  @inline(__always) private static func tile<let count: Int>(
    _: RowCount<count>, depth: Int, _ a: UnsafePointer<Float>, rowStep: Int, depthStep: Int,
    _ b: UnsafePointer<Float>, _ bStep: Int, ahead: UnsafePointer<Float>, _ c: UnsafeMutablePointer<Float>,
    _ cStep: Int, adds: Bool
  ) {
    var sums = InlineArray<count, Vector16>(repeating: Vector16())
    if adds { for row in 0..<count { sums[row] = load16(c + row * cStep) } }
    var (a, b, ahead) = (a, b, ahead)
    for _ in 0..<depth {
      let columns = load16(b)
      dcn_processor_prefetch(ahead)
      ahead += bStep
      for row in 0..<count {
        sums[row] = multiplyAdd(sums[row], columns, Vector16(repeating: a[row * rowStep]))
      }
      a += depthStep
      b += bStep
    }
    for row in 0..<count { store16(sums[row], c + row * cStep) }
  }

  /// The same with two panels, `next` floats apart, and 32 columns.
  @inline(__always) private static func pair<let count: Int>(
    _: RowCount<count>, depth: Int, _ a: UnsafePointer<Float>, rowStep: Int, depthStep: Int,
    _ b: UnsafePointer<Float>, next: Int, _ bStep: Int, ahead: UnsafePointer<Float>,
    _ c: UnsafeMutablePointer<Float>, _ cStep: Int, adds: Bool
  ) {
    var sums = InlineArray<count, PanelPair>(repeating: PanelPair(first: Vector16(), second: Vector16()))
    if adds {
      for row in 0..<count {
        sums[row] = PanelPair(first: load16(c + row * cStep), second: load16(c + (row * cStep + 16)))
      }
    }
    var (a, b, ahead) = (a, b, ahead)
    for _ in 0..<depth {
      let (first, second) = (load16(b), load16(b + next))
      dcn_processor_prefetch(ahead)
      dcn_processor_prefetch(ahead + next)
      ahead += bStep
      for row in 0..<count {
        let factor = Vector16(repeating: a[row * rowStep])
        sums[row] = PanelPair(
          first: multiplyAdd(sums[row].first, first, factor), second: multiplyAdd(sums[row].second, second, factor))
      }
      a += depthStep
      b += bStep
    }
    for row in 0..<count {
      store16(sums[row].first, c + row * cStep)
      store16(sums[row].second, c + (row * cStep + 16))
    }
  }

  /// One group of rows by the panels from `panel` on that pass together.
  @inline(__always) private static func tile(
    rows: Int, depth: Int, _ a: UnsafePointer<Float>, rowStep: Int, depthStep: Int, _ panels: Panels, _ panel: Int,
    ahead: UnsafePointer<Float>, _ c: UnsafeMutablePointer<Float>, _ cStep: Int, adds: Bool
  ) {
    let (b, target) = (panels.start + panel * panels.step, c + panel * 16)
    func run<let count: Int>(_ rows: RowCount<count>) {
      if panelsAtOnce == 2, panel + 2 <= panels.count {
        pair(
          rows, depth: depth, a, rowStep: rowStep, depthStep: depthStep, b, next: panels.step, panels.depthStep,
          ahead: ahead, target, cStep, adds: adds)
      } else {
        tile(
          rows, depth: depth, a, rowStep: rowStep, depthStep: depthStep, b, panels.depthStep, ahead: ahead, target,
          cStep,
          adds: adds)
      }
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

  /// `rows` rows by some panels, where the elements of a row of A follow each other.
  @inline(never) static func multiply(
    rows: Int, depth: Int, _ a: UnsafePointer<Float>, _ aStep: Int, _ panels: Panels,
    _ c: UnsafeMutablePointer<Float>, _ cStep: Int, adds: Bool
  ) {
    for panel in stride(from: 0, to: panels.count, by: panelsAtOnce) {
      eachGroup(rows) { first, count in
        tile(
          rows: count, depth: depth, a + first * aStep, rowStep: aStep, depthStep: 1, panels, panel,
          ahead: panels.ahead(of: panel, first: first), c + first * cStep, cStep, adds: adds)
      }
    }
  }

  /// The same where the elements of a column of A follow each other, `aStep` from one depth to the next.
  @inline(never) static func multiply(
    rows: Int, depth: Int, columnsOf a: UnsafePointer<Float>, _ aStep: Int, _ panels: Panels,
    _ c: UnsafeMutablePointer<Float>, _ cStep: Int, adds: Bool
  ) {
    for panel in stride(from: 0, to: panels.count, by: panelsAtOnce) {
      eachGroup(rows) { first, count in
        tile(
          rows: count, depth: depth, a + first, rowStep: 1, depthStep: aStep, panels, panel,
          ahead: panels.ahead(of: panel, first: first), c + first * cStep, cStep, adds: adds)
      }
    }
  }

  /// The same where A was copied group by group: within a group, the rows' elements of one depth follow each other.
  @inline(never) static func multiply(
    rows: Int, depth: Int, groupsOf a: UnsafePointer<Float>, _ panels: Panels, _ c: UnsafeMutablePointer<Float>,
    _ cStep: Int, adds: Bool
  ) {
    for panel in stride(from: 0, to: panels.count, by: panelsAtOnce) {
      eachGroup(rows) { first, count in
        tile(
          rows: count, depth: depth, a + first * depth, rowStep: 1, depthStep: count, panels, panel,
          ahead: panels.ahead(of: panel, first: first), c + first * cStep, cStep, adds: adds)
      }
    }
  }

  /// c = a * panel, where A comes from memory: what is asked for meanwhile lies `ahead` floats on in each row.
  @inline(never) static func multiply(
    rows: Int, depth: Int, streamed a: UnsafePointer<Float>, _ aStep: Int, ahead: Int, _ panel: UnsafePointer<Float>,
    _ c: UnsafeMutablePointer<Float>, _ cStep: Int
  ) {
    func run<let count: Int>(_ rows: RowCount<count>, _ first: Int) {
      stream(rows, depth: depth, a + first * aStep, aStep, ahead: ahead, panel, c + first * cStep, cStep)
    }
    eachGroup(rows) { first, count in
      switch count {
      case 1: run(RowCount<1>(), first)
      case 2: run(RowCount<2>(), first)
      case 3: run(RowCount<3>(), first)
      #if !X86_64_V2
        case 4: run(RowCount<4>(), first)
        case 5: run(RowCount<5>(), first)
        case 6: run(RowCount<6>(), first)
      #endif
      #if X86_64_V4
        case 7: run(RowCount<7>(), first)
        case 8: run(RowCount<8>(), first)
        case 9: run(RowCount<9>(), first)
        case 10: run(RowCount<10>(), first)
        case 11: run(RowCount<11>(), first)
        case 12: run(RowCount<12>(), first)
      #endif
      default: break
      }
    }
  }

  @inline(__always) private static func stream<let count: Int>(
    _: RowCount<count>, depth: Int, _ a: UnsafePointer<Float>, _ aStep: Int, ahead: Int, _ b: UnsafePointer<Float>,
    _ c: UnsafeMutablePointer<Float>, _ cStep: Int
  ) {
    var sums = InlineArray<count, Vector16>(repeating: Vector16())
    for line in stride(from: 0, to: depth, by: 16) {
      for row in 0..<count { dcn_processor_prefetch(a + (row * aStep + line + ahead)) }
      for i in line..<min(depth, line + 16) {
        let columns = load16(b + i * 16)
        for row in 0..<count {
          sums[row] = multiplyAdd(sums[row], columns, Vector16(repeating: a[row * aStep + i]))
        }
      }
    }
    for row in 0..<count { store16(sums[row], c + row * cStep) }
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
