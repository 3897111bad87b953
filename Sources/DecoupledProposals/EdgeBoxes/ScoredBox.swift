/// A box during the search: the upper left pixel and the distance to the last column and row, which belong to it too.
struct ScoredBox {
  var x: Int32
  var y: Int32
  var width: Int32
  var height: Int32
  var score: Float = 0

  @inline(__always)
  func isSame(as other: ScoredBox) -> Bool {
    x == other.x && y == other.y && width == other.width && height == other.height
  }
}
