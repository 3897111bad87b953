/// The elements of a strided tensor of any rank from 2 on; a vector [n] is seen as [n, 1].
struct View<T> {
  let base: UnsafeMutablePointer<T>
  let dims: [Int]
  let strides: [Int]
  /// Row r of axis 0 is row gathered[r] of the memory.
  private var gathered: [Int]?

  init(_ base: UnsafeMutablePointer<T>, dims: [Int], strides: [Int], gathered: [Int]? = nil) {
    self.base = base
    self.dims = dims.count == 1 ? dims + [1] : dims
    self.strides = dims.count == 1 ? strides + [1] : strides
    self.gathered = gathered
  }

  /// The rows of axis 0 in another order or number: Gather on axis 0 without the copy.
  func gathering(_ rows: [Int]) -> View {
    View(base, dims: [rows.count] + dims.dropFirst(), strides: strides, gathered: rows)
  }

  /// Each value of an axis of length 1 again for `length` places.
  func broadcasting(_ axis: Int, _ length: Int) -> View {
    var (dims, strides) = (dims, strides)
    (dims[axis], strides[axis]) = (length, 0)
    return View(base, dims: dims, strides: strides, gathered: gathered)
  }

  /// The part from `start` to `end` of an axis.
  func slicing(_ axis: Int, _ start: Int, _ end: Int) -> View {
    var dims = dims
    dims[axis] = end - start
    return View(base + start * strides[axis], dims: dims, strides: strides, gathered: gathered)
  }

  /// The elements with `index` on an axis other than 0; the axis goes.
  func selecting(_ axis: Int, _ index: Int) -> View {
    var dims = dims
    var strides = strides
    let stride = strides.remove(at: axis)
    dims.remove(at: axis)
    return View(base + index * stride, dims: dims, strides: strides, gathered: gathered)
  }

  /// The axes in another order.
  func permuting(_ axes: [Int]) -> View {
    View(base, dims: axes.map { dims[$0] }, strides: axes.map { strides[$0] }, gathered: gathered)
  }

  /// Without trailing axes of length 1, so that lines are long.
  var withoutTrailingUnits: View {
    let rank = max(2, (dims.lastIndex { $0 != 1 } ?? 0) + 1)
    return View(base, dims: Array(dims.prefix(rank)), strides: Array(strides.prefix(rank)), gathered: gathered)
  }

  /// All values in row-major order.
  var values: [T] {
    (0..<lineCount()).flatMap { index -> [T] in
      let line = line(index)
      return (0..<line.count).map { line[$0] }
    }
  }

  // MARK: - Lines: the elements along one axis, the last unless said otherwise

  func lineCount(along axis: Int? = nil) -> Int {
    let axis = axis ?? dims.count - 1
    var count = 1
    for other in dims.indices where other != axis { count *= dims[other] }
    return count
  }

  /// Line `index` in row-major order of the other axes.
  func line(_ index: Int, along axis: Int? = nil) -> Line<T> {
    let axis = axis ?? dims.count - 1
    var rest = index
    var offset = 0
    for other in dims.indices.reversed() where other != axis {
      let (quotient, remainder) = rest.quotientAndRemainder(dividingBy: dims[other])
      offset += (other == 0 ? row(remainder) : remainder) * strides[other]
      rest = quotient
    }
    return Line(base: base + offset, step: strides[axis], count: dims[axis])
  }

  // MARK: - Planes: the last two of four axes

  func plane(_ n: Int, _ c: Int) -> Plane<T> {
    Plane(base: base + row(n) * strides[0] + c * strides[1], rowStep: strides[2], columnStep: strides[3])
  }

  private func row(_ index: Int) -> Int { gathered.map { $0[index] } ?? index }
}

/// Elements along one axis.
struct Line<T> {
  let base: UnsafeMutablePointer<T>
  let step: Int
  let count: Int

  subscript(index: Int) -> T {
    get { base[index &* step] }
    nonmutating set { base[index &* step] = newValue }
  }
}

/// One channel of one image.
struct Plane<T> {
  let base: UnsafeMutablePointer<T>
  let rowStep: Int
  let columnStep: Int

  subscript(y: Int, x: Int) -> T {
    get { base[y &* rowStep &+ x &* columnStep] }
    nonmutating set { base[y &* rowStep &+ x &* columnStep] = newValue }
  }
}
