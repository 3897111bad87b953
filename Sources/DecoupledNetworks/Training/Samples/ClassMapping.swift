import DecoupledBase
import DecoupledVision

/// Classes of a data set as classes of a model, by name: the two may have them in another order.
struct ClassMapping: Sendable {
  /// For each class of the data set, its place in the model.
  let places: [Int]
  let modelCount: Int

  /// - Throws: `invalidArgument` naming the classes the model does not know.
  init(_ classes: ClassList, model names: [String]) throws {
    let unknown = classes.names.filter { !names.contains($0) }
    guard unknown.isEmpty else {
      throw EngineError(
        .invalidArgument,
        "The model does not know the classes \(unknown.joined(separator: ", ")) of the data set; it knows \(names.joined(separator: ", "))."
      )
    }
    places = classes.names.compactMap(names.firstIndex)
    modelCount = names.count
  }

  /// Labels in the model's order; classes the data set does not have are absent.
  func labels(_ labels: [Bool]) -> [Bool] {
    var result = [Bool](repeating: false, count: modelCount)
    for (place, label) in zip(places, labels) where label { result[place] = true }
    return result
  }

  /// The model's class index of a data set id (1...L); nil for ids that are no class.
  func place(id: UInt8) -> Int? { (1...places.count).contains(Int(id)) ? places[Int(id) - 1] : nil }

  /// A mask in the model's ids. Void stays.
  /// - Throws: `format` when a label is no class.
  func mask(_ map: LabelMap, name: String) throws -> LabelMap {
    var table = [UInt8](repeating: 0, count: 256)
    table[255] = 255
    for (index, place) in places.enumerated() { table[index + 1] = UInt8(place + 1) }
    if let wrong = map.objectLabels().first(where: { Int($0) > places.count }) {
      throw EngineError(.format, "The mask of '\(name)' holds \(wrong), but the data set has \(places.count) classes.")
    }
    var result = map
    result.labels = map.labels.map { table[Int($0)] }
    return result
  }
}
