import DecoupledBase

/// A file with weights, whatever its format. Values stay in the file until they are needed.
public struct WeightFile: Sendable {
  public enum Format: String, Sendable, Codable {
    case safetensors
    case caffe
    case pytorch
  }

  public let path: String
  public let format: Format
  /// In the order of the file; names are the file's own.
  public let tensors: [StoredTensor]
  /// Of safetensors files.
  public let metadata: [String: String]
  /// Of `.caffemodel` files.
  public let net: CaffeNet?

  /// Recognises a file by its first bytes and reads where its tensors are.
  /// - Throws: `EngineError`: `notFound`, `io`, `format` (damaged, cut off), `unsupported` (a format that is not read, or a pickle
  ///   that asks for more than weights).
  public init(path: String) throws {
    self.path = path
    let file = try RandomAccessFile(path: path)
    let start = try file.bytes(0..<min(16, file.size))
    switch try Self.recognize(start, file) {
    case .safetensors:
      let reader = try SafetensorsReader(path: path)
      format = .safetensors
      tensors = reader.tensors.sorted { $0.key < $1.key }.map { StoredTensor($0.key, $0.value) }
      metadata = reader.metadata
      net = nil
    case .pytorch:
      format = .pytorch
      tensors =
        start.starts(with: TorchFile.legacyStart) ? try TorchFile.readLegacy(file) : try TorchFile.readArchive(file)
      metadata = [:]
      net = nil
    case .caffe:
      let net = try CaffeNet(model: path)
      format = .caffe
      tensors = net.layers.flatMap(\.blobs)
      metadata = [:]
      self.net = net
    }
    guard !tensors.isEmpty else { throw EngineError(.format, "'\(path)' holds no weights.") }
  }

  private static func recognize(_ start: [UInt8], _ file: RandomAccessFile) throws -> Format {
    func refused(_ what: String) -> EngineError { EngineError(.unsupported, "'\(file.path)' \(what)") }
    if start.starts(with: [0x50, 0x4B, 0x03, 0x04]) { return .pytorch }
    if start.count >= 10, start[8] == UInt8(ascii: "{") { return .safetensors }
    if start.starts(with: TorchFile.legacyStart) { return .pytorch }
    if start.count >= 2, start[0] == 0x80, (2...5).contains(start[1]) {
      // Read it all the same, so that what it asks for is named.
      _ = try PickleMachine(FileCursor(file, kind: "pickle"), end: file.size).run()
      throw refused("is a pickle, but not a PyTorch file.")
    }
    if start.starts(with: [0x89, 0x48, 0x44, 0x46]) { throw refused("is an HDF5 file, which is not read.") }
    // A model of a single small tensor cut off before its header, and texts, are told apart from protocol buffers here.
    if start.allSatisfy({ $0 == 9 || $0 == 10 || $0 == 13 || (32...126).contains($0) }) {
      throw refused("is a text; weights are in a .caffemodel, .pth or .safetensors file.")
    }
    return .caffe
  }
}

extension WeightFile {
  /// Writes all tensors under their own names and in their own types as plain safetensors; piece by piece, so that memory does
  /// not grow with the file.
  public func write(to path: String) throws {
    var seen = Set<String>()
    let parts = try tensors.map { tensor in
      guard seen.insert(tensor.name).inserted else {
        throw EngineError(.format, "'\(self.path)' has two tensors '\(tensor.name)'.")
      }
      return SafetensorsWriter.Part(name: tensor.name, tensor: tensor, elementType: tensor.elementType)
    }
    try SafetensorsWriter.write(parts, metadata: [:], to: path)
  }
}
