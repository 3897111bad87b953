import DecoupledVision
import Testing

@Suite struct DrawingTests {
  @Test func overlay() throws {
    let photo = RGBImage(width: 5, height: 5, fill: (100, 100, 100))
    var labels = LabelMap(width: 5, height: 5)
    for y in 1..<4 { for x in 1..<4 { labels[x, y] = 1 } }
    labels[0, 4] = 255
    let drawn = try Overlay.draw(photo, labels: labels, opacity: 0.5)
    #expect(drawn[2, 2] == (114, 50, 50))
    #expect(drawn[1, 1] == (128, 0, 0))
    #expect(drawn[0, 0] == (100, 100, 100) && drawn[0, 4] == (100, 100, 100))
    #expect(try Overlay.draw(photo, labels: labels, opacity: 0, contours: false) == photo)
    #expect(message { _ = try Overlay.draw(photo, labels: LabelMap(width: 4, height: 5)) } != "")
    #expect(message { _ = try Overlay.draw(photo, labels: labels, opacity: 2) } != "")
  }

  @Test func heatMap() throws {
    let values = try FloatImage(width: 2, height: 1, channels: 2, values: [0, 0, -1, 3])
    let drawn = try HeatMap.draw(values, channel: 1)
    #expect(drawn[0, 0] == (68, 1, 84) && drawn[1, 0] == (253, 231, 37))
    #expect(try HeatMap.draw(values, channel: 0)[0, 0] == (68, 1, 84))
    let photo = RGBImage(width: 8, height: 6, fill: (9, 9, 9))
    #expect(try HeatMap.draw(values, channel: 1, over: photo, opacity: 0) == photo)
    let broken = try FloatImage(width: 2, height: 1, channels: 1, values: [.nan, .infinity])
    #expect(try HeatMap.draw(broken).width == 2)
    // Brightness grows with the value.
    let brightness = (0...20).map { step in
      let colour = HeatMap.colour(Double(step) / 20)
      return 0.299 * Double(colour.red) + 0.587 * Double(colour.green) + 0.114 * Double(colour.blue)
    }
    #expect(zip(brightness, brightness.dropFirst()).allSatisfy { $0 < $1 })
    #expect(message { _ = try HeatMap.draw(values, channel: 2) } != "")
  }

  @Test func contactSheet() throws {
    let images = (1...5).map { RGBImage(width: 4, height: 3, fill: (UInt8($0), 0, 0)) }
    let sheet = try ContactSheet.draw(images, columns: 2, padding: 1)
    #expect(sheet.width == 11 && sheet.height == 13)
    #expect(sheet[1, 1].red == 1 && sheet[9, 3].red == 2 && sheet[1, 9].red == 5 && sheet[6, 9].red == 255)
    #expect(message { _ = try ContactSheet.draw([], columns: 2) } != "")
    #expect(message { _ = try ContactSheet.draw(images, columns: 0) } != "")
  }

  @Test func linePlot() throws {
    let points = (0...10).map { (x: Double($0), y: Double(10 - $0)) }
    let image = try LinePlot(title: "loss", curves: [.init(name: "train", points: points)]).draw(
      width: 320, height: 240)
    // The curve falls from the upper left to the lower right.
    let blue: (Int, Int) -> Bool = { x, y in image[x, y] == (0, 114, 178) }
    #expect(blue(64, 28) && blue(288, 212))
    for points in [
      [], [(x: 1.0, y: 1.0)], [(x: 0, y: .nan), (x: 1, y: 2)], [(x: 0, y: -1e308), (x: 1, y: 1e308)],
      [(x: 5, y: 5), (x: 5, y: 5)], [(x: 0, y: 1e-300), (x: 1e18, y: 2e-300)],
    ] {
      #expect(try LinePlot(title: "?", curves: [.init(name: "", points: points)]).draw().width == 640)
    }
    #expect(message { _ = try LinePlot(title: "", curves: []).draw(width: 10, height: 10) } != "")
  }
}
