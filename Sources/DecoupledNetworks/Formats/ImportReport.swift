import DecoupledBase

/// What became of each tensor of a weight file.
public struct ImportReport: Codable, Sendable {
  public struct Use: Codable, Sendable {
    /// The file's name of it.
    public let tensor: String
    /// Ours.
    public let parameter: String
    public let shape: [Int]
  }

  public let file: String
  /// "caffe", "pytorch" or "safetensors".
  public let format: String
  public var used: [Use] = []
  /// Tensors that the network has no place for, or that were left out as asked.
  public var unused: [String] = []
  /// Copies that equal another tensor and were dropped.
  public var dropped: [String] = []
  /// Weights of the network that neither the file nor the model gave.
  public var missing: [String] = []
  public var notes: [String] = []

  init(file: String, format: String) {
    self.file = file
    self.format = format
  }

  /// As JSON.
  public func json() throws -> String { try JSONText.of(self, pretty: true) }

  /// For people, a line for each kind.
  public var text: String {
    var lines = ["\(file) (\(format)): \(used.count) tensors used"]
    func add(_ title: String, _ names: [String]) {
      if !names.isEmpty { lines.append("\(title): \(names.joined(separator: ", "))") }
    }
    add("dropped copies", dropped)
    add("not used", unused)
    add("missing", missing)
    add("note", notes)
    return lines.joined(separator: "\n")
  }
}
