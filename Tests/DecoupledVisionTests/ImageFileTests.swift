import DecoupledBase
import DecoupledVision
import Foundation
import Testing

@Suite struct ImageFileTests {
  @Test(arguments: ["palette1.png", "palette2.png", "palette4.png", "palette8.png", "grey8.png", "grey1.png"])
  func masksHoldTheStoredValues(_ name: String) throws {
    let ids: [UInt8] = try Fixtures.expected("ids")
    let expected: [UInt8] =
      switch name {
      case "palette1.png", "grey1.png": ids.map { $0 & 1 }
      case "palette2.png": ids
      case "palette4.png": ids.map { $0 * 5 }
      case "palette8.png": ids.map { $0 * 85 }
      default: ids.map { $0 * 80 }
      }
    let map = try MaskReader.read(Fixtures.path(name))
    #expect(map.width == 5 && map.height == 3)
    #expect(map.labels == expected)
  }

  @Test(arguments: ["rgb.png", "rgba.png", "grey16.png", "baseline.jpg"])
  func whatIsNoMaskIsRefused(_ name: String) {
    let sentence = message { _ = try MaskReader.read(Fixtures.path(name)) }
    #expect(sentence.contains(name))
    #expect(sentence.contains("class ids"))
  }

  @Test(arguments: ["baseline.jpg", "progressive.jpg", "grey.jpg", "cmyk.jpg"])
  func photosEqualPillow(_ name: String) throws {
    let expected: Fixtures.Result = try Fixtures.expected(name)
    let image = try ImageReader.read(Fixtures.path(name))
    #expect(image.width == expected.width && image.height == expected.height)
    let worst = zip(image.pixels, expected.values).map { abs(Double($0) - $1) }.max() ?? 255
    #expect(worst <= 2)
  }

  @Test(arguments: 1...8)
  func orientationEqualsOpenCV(_ number: Int) throws {
    let name = "orientation\(number).jpg"
    let expected: Fixtures.Result = try Fixtures.expected(name)
    let image = try ImageReader.read(Fixtures.path(name))
    try #require(image.width == expected.width && image.height == expected.height)
    let (right, bottom) = (image.width - 1, image.height - 1)
    let corners = [image[0, 0], image[right, 0], image[0, bottom], image[right, bottom]]
    let values = corners.flatMap { [$0.red, $0.green, $0.blue].map(Double.init) }
    #expect(zip(values, expected.values).allSatisfy { abs($0 - $1) <= 3 })
    #expect(try ImageReader.orientation(Fixtures.path(name)).rawValue == number)
    #expect(try ImageReader.read(Fixtures.path(name), applyOrientation: false).width == 16)
  }

  @Test func pngPhotosAndAlpha() throws {
    let expected: Fixtures.Result = try Fixtures.expected("rgb")
    let alpha: [UInt8] = try Fixtures.expected("alpha")
    let opaque = try ImageReader.read(Fixtures.path("rgb.png"))
    #expect(opaque.pixels == expected.values.map { UInt8($0) })
    let cutOut = try ImageReader.readAlpha(Fixtures.path("rgba.png"))
    #expect(alpha.indices.allSatisfy { cutOut.pixels[4 * $0 + 3] == alpha[$0] })
    #expect(alpha.indices.allSatisfy { cutOut.pixels[4 * $0] == opaque.pixels[3 * $0] })
    let flat = try ImageReader.read(Fixtures.path("rgba.png"))
    for i in alpha.indices {
      let wanted = Double(opaque.pixels[3 * i]) * Double(alpha[i]) / 255
      #expect(abs(Double(flat.pixels[3 * i]) - wanted) <= 0.5)
    }
    // 16-bit grey: 20000 of 65535 is 77.8 of 255.
    #expect(try ImageReader.read(Fixtures.path("grey16.png"))[1, 0].red == 78)
  }

  @Test func filesComeBackAsWritten() throws {
    let folder = try TemporaryFolder()
    var map = LabelMap(width: 20, height: 13)
    for i in map.labels.indices { map.labels[i] = UInt8(i % 256) }
    try PNGWriter.write(map, to: folder.file("map.png"))
    #expect(try MaskReader.read(folder.file("map.png")) == map)
    // Viewers see the palette.
    let colours = try ImageReader.read(folder.file("map.png"))
    #expect(colours == Overlay.colours(map))
    let image = try ImageReader.read(Fixtures.path("rgb.png"))
    try PNGWriter.write(image, to: folder.file("image.png"))
    #expect(try ImageReader.read(folder.file("image.png")) == image)
    let photo = try ImageReader.read(Fixtures.path("baseline.jpg"))
    try JPEGWriter.write(photo, quality: 98, to: folder.file("photo.jpg"))
    let again = try ImageReader.read(folder.file("photo.jpg"))
    #expect(zip(photo.pixels, again.pixels).allSatisfy { abs(Int($0) - Int($1)) <= 6 })
    #expect(try FileAccess.names(in: folder.path) == ["image.png", "map.png", "photo.jpg"])
  }

  @Test func palette() {
    let palette = Palette.voc
    #expect(palette[1] == (128, 0, 0))
    #expect(palette[3] == (128, 128, 0))
    #expect(palette[15] == (192, 128, 128))
    #expect(palette[20] == (0, 64, 128))
    #expect(palette[255] == (224, 224, 192))
  }
}
