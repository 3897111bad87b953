/// The switches of a 2x2 pooling with stride 2: where each index lies in its own window, MaxUnpool and its gradient can go
/// over the larger image once, in order, instead of following the indices.
///
/// Shapes only suggest that form, so each index is compared with the four cells of its window on the way. One task that
/// meets another index makes the whole run start again in the general way.
import DecoupledBackendKit

struct OwnWindows {
  let width: Int
  /// Rows and columns of the larger image behind the last window.
  let extraRows: Int
  let extraColumns: Int

  /// nil where the shapes are not those of a 2x2 pooling with stride 2.
  init?(small: [Int], large: [Int]) {
    extraRows = large[0] - 2 * small[0]
    extraColumns = large[1] - 2 * small[1]
    width = large[1]
    guard 0...1 ~= extraRows, 0...1 ~= extraColumns else { return nil }
  }

  /// Which cell of the window at `place` each index names. `known` becomes zero in lanes whose index names none.
  @inline(__always) func cells(_ indices: SIMD8<Int32>, _ place: Int, known: inout SIMD8<Int32>) -> WindowCells {
    let offset = indices &- Int32(truncatingIfNeeded: place)
    // Compared with vectors, not with numbers: those comparisons go lane by lane.
    let one = SIMD8<Int32>(repeating: 1)
    let row = SIMD8<Int32>(repeating: Int32(truncatingIfNeeded: width))
    let cells = WindowCells(
      first: offset .== SIMD8(), second: offset .== one, third: offset .== row, fourth: offset .== row &+ one)
    var named = SIMD8<Int32>()
    named.replace(with: -1, where: cells.first)
    named.replace(with: -1, where: cells.second)
    named.replace(with: -1, where: cells.third)
    named.replace(with: -1, where: cells.fourth)
    known &= named
    return cells
  }

  /// The same for one index, nil when it lies outside its window.
  @inline(__always) func cell(_ index: Int32, _ place: Int) -> Int? {
    switch Int(index) - place {
    case 0: return 0
    case 1: return 1
    case width: return 2
    case width + 1: return 3
    default: return nil
    }
  }
}

struct WindowCells {
  typealias Mask = SIMDMask<SIMD8<Int32>>
  let first: Mask
  let second: Mask
  let third: Mask
  let fourth: Mask
}
