import Foundation
import Testing

@testable import Imaging

@Suite("What is kept of a whole XMP packet")
struct XMPTests {
    private static let head =
        #"<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">"#
        + #"<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">"#
    private static let tail = #"</rdf:RDF></x:xmpmeta><?xpacket end="w"?>"#

    /// Builds a packet of one description with attributes and properties.
    private static func packet(_ attributes: String, _ properties: String = "") -> String {
        head + "<rdf:Description rdf:about=\"\"\(attributes)>\(properties)</rdf:Description>" + tail
    }

    private static func kept(_ xmp: String) -> (xmp: String?, omissions: [Omission]) {
        let kept = PhotoMetadata(xmp: Array(xmp.utf8)).upright(width: 300, height: 200)
        return (kept.xmp.map { String(decoding: $0, as: UTF8.self) }, kept.omissions)
    }

    private static let dc = #" xmlns:dc="http://purl.org/dc/elements/1.1/""#
    private static let title = "<dc:title>A &lt;fine&gt; disc</dc:title>"

    @Test("What there is nothing against stays byte for byte")
    func stays() {
        let packet = Self.packet(
            Self.dc
                + "\n  xmlns:GPano='http://ns.google.com/photos/1.0/panorama/' GPano:ProjectionType='cylindrical'",
            Self.title + "<!-- a comment --><![CDATA[ ]]>"
        )
        #expect(Self.kept(packet) == (packet, []))
        // A byte order mark is kept; zeros after the end are dropped.
        #expect(Self.kept("\u{FEFF}" + packet + "\0\0") == ("\u{FEFF}" + packet, []))
    }

    @Test(
        "The orientation and the sizes are those of the upright picture, however they are written"
    )
    func orientation() throws {
        let (tiff, exif) = (
            #" xmlns:t="http://ns.adobe.com/tiff/1.0/""#,
            #" xmlns:exif="http://ns.adobe.com/exif/1.0/""#
        )
        let attributes = try #require(
            Self.kept(
                Self.packet(
                    tiff + exif + " t:Orientation = \"6\" exif:PixelXDimension='20'\n t:Make = 'M'"
                )
            ).xmp
        )
        #expect(
            attributes.contains(" t:Orientation = \"1\" exif:PixelXDimension='300'\n t:Make = 'M'")
        )
        let elements = try #require(
            Self.kept(
                Self.packet(
                    tiff + exif,
                    "<t:Orientation >\n 8 </t:Orientation><exif:PixelYDimension>9</exif:PixelYDimension><t:ImageWidth/>"
                )
            ).xmp
        )
        #expect(
            elements.contains(
                "<t:Orientation >1</t:Orientation><exif:PixelYDimension>200</exif:PixelYDimension><t:ImageWidth/>"
            )
        )
        // The prefix does not matter, only the namespace.
        let other = Self.packet(#" xmlns:tiff="http://example.org/" tiff:Orientation="6""#)
        #expect(Self.kept(other) == (other, []))
    }

    @Test("What describes parts of the file that are gone goes, whatever its prefix")
    func removedParts() throws {
        let xmp = Self.packet(
            Self.dc
                + #" xmlns:g="http://ns.google.com/photos/1.0/camera/" g:MotionPhoto="1" g:MotionPhotoVersion="1""#
                + #" g:MicroVideoOffset="4096" g:SpecialTypeID="x" xmlns:hdrgm="http://ns.adobe.com/hdr-gain-map/1.0/""#
                + #" hdrgm:Version="1.0" xmlns:n="http://ns.adobe.com/xmp/note/" n:HasExtendedXMP="0123""#
                + #" xmlns:apdi="http://ns.apple.com/pixeldatainfo/1.0/" apdi:NativeFormat="1278226488""#,
            """
            <C:Directory xmlns:C="http://ns.google.com/photos/1.0/container/" xmlns:Item="http://ns.google.com/photos/1.0/container/item/">\
            <rdf:Seq><rdf:li rdf:parseType="Resource"><C:Item Item:Mime="video/mp4" Item:Semantic="MotionPhoto"/></rdf:li></rdf:Seq>\
            </C:Directory>\(Self.title)
            """
        )
        let kept = try #require(Self.kept(xmp).xmp)
        #expect(
            kept
                == Self.packet(
                    Self.dc
                        + #" xmlns:g="http://ns.google.com/photos/1.0/camera/" g:SpecialTypeID="x""#,
                    Self.title
                )
        )
    }

    /// Beginnings of files of all kinds.
    private static let pictures: [[UInt8]] = [
        [0xFF, 0xD8, 0xFF, 0xE0],
        [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A],
        Array("RIFF\u{10}\0\0\0WEBPVP8 ".utf8),
        Array("\0\0\0\u{1C}ftypheic\0\0\0\0".utf8),
        Array("GIF89a\u{1}\0".utf8),
        Array("II*\0\u{8}\0\0\0".utf8),
        [0, 0, 0, 0x0C, 0x4A, 0x58, 0x4C, 0x20, 0x0D, 0x0A, 0x87, 0x0A],
    ]

    private static func picture(_ kind: Int) -> [UInt8] {
        pictures[kind] + (0..<60).map { UInt8(truncatingIfNeeded: $0 * 37) }
    }

    @Test(
        "A picture takes the property that holds it along, in base64 and hexadecimal digits",
        arguments: pictures.indices
    )
    func embedded(kind: Int) throws {
        let data = Data(Self.picture(kind))
        let lines = data.base64EncodedString(options: [
            .lineLength64Characters, .endLineWithLineFeed,
        ])
        let plain = data.base64EncodedString()
        let hexadecimal = data.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }
            .joined()
        var texts = [
            plain, lines, lines.replacing("\n", with: "&#xA;"), "data:image/x;base64," + plain,
            hexadecimal,
        ]
        texts.append(plain.replacing("/", with: "_").replacing("+", with: "-"))
        texts.append(plain.replacing("/", with: "%2F").replacing("+", with: "%2b"))
        // Not at the start of the encoded bytes. A TIFF's four bytes count only there.
        if kind != 5 { texts.append((Data([1, 2, 3, 4, 5]) + data).base64EncodedString()) }
        let namespace = #" xmlns:e="http://example.org/""#
        for text in texts {
            // The namespace's declaration disappears as well.
            let expected = Self.packet(Self.dc, Self.title)
            for property in [
                "<e:Data>\(text)</e:Data>",
                "<e:List><rdf:Bag><rdf:li>x</rdf:li><rdf:li><e:i>\(text)</e:i></rdf:li></rdf:Bag></e:List>",
                "<e:A e:b='c' e:data='\(text)'/>",
                "<e:Cut>\(text.prefix(30))<!-- -->\(text.dropFirst(30))</e:Cut>",
            ] {
                #expect(
                    Self.kept(Self.packet(Self.dc + namespace, property + Self.title)) == (
                        expected, []
                    ),
                    "\(property)"
                )
            }
            #expect(
                Self.kept(Self.packet(Self.dc + namespace + " e:data='\(text)'", Self.title)) == (
                    expected, []
                )
            )
            // Outside of any property, the whole packet is dropped.
            let stray = Self.packet(Self.dc, "<!-- \(text) -->")
            #expect(Self.kept(stray) == (nil, [Omission(.xmp, .holdsPicture)]))
        }
    }

    @Test("So does what nobody can read, and thumbnails by their name, but not long texts")
    func opaque() {
        let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
        var noise = ""
        for index in 0..<3000 {
            let digit: Int = (index * index + index / 7) % 62
            noise.append(digits[digit])
        }
        let xmp = #" xmlns:x2="http://ns.adobe.com/xap/1.0/""#
        let namespace = #" xmlns:e="http://example.org/""# + xmp
        let expected = Self.packet(Self.dc + xmp, Self.title)
        for property in ["<e:Data>\(noise)</e:Data>", "<e:Data>\(noise)\n</e:Data>"] {
            #expect(
                Self.kept(Self.packet(Self.dc + namespace, property + Self.title)) == (expected, [])
            )
        }
        let thumbnails =
            "<x2:Thumbnails><rdf:Alt><rdf:li>?</rdf:li></rdf:Alt></x2:Thumbnails><x2:Rating>5</x2:Rating>"
        #expect(
            Self.kept(Self.packet(Self.dc + namespace, thumbnails)).xmp
                == Self.packet(Self.dc + namespace, "<x2:Rating>5</x2:Rating>")
        )
        let prose = String(repeating: "a long text without any mark at all ", count: 200)
        let packet = Self.packet(Self.dc, "<dc:description>\(prose)</dc:description>")
        #expect(Self.kept(packet) == (packet, []))
    }

    @Test(
        "What is not understood is left out, and that is said",
        arguments: [
            "", "text", "<a>", "<a></b>", "<a/><b/>", "<a b='c' b='d'/>", "<a b=c/>", "<a b='<'/>",
            "<p:a/>",
            "<a p:b='c'/>",
            "<a>&evil;</a>", "<a>& </a>", "<a>&#x;</a>", "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>",
            "<!DOCTYPE a><a/>",
            "<a><!-- </a>", "<a><![CDATA[</a>", "<a/>text", "<a b='c'd='e'/>", "< a/>",
            "<a xmlns:p=''><p:b/></a>",
            "<a:b:c/>",
            "<?xpacket", "<a", "<a b", "<a b=", "<a b='", "</a>", "<a b='&'/>",
        ]
    )
    func notUnderstood(xmp: String) {
        #expect(Self.kept(xmp) == (nil, [Omission(.xmp, .notUnderstood)]))
    }

    @Test("Neither is what is not UTF-8, nor what has no end of depth")
    func bounds() {
        let cut: [UInt8] = Array("<a>".utf8) + [0xC3, 0x28] + Array("</a>".utf8)
        for bytes in [[0xFF, 0xFE, 0x3C, 0x00], cut] {
            let kept = PhotoMetadata(xmp: bytes).upright(width: 1, height: 1)
            #expect(kept.xmp == nil && kept.omissions == [Omission(.xmp, .notUnderstood)])
        }
        func nested(_ depth: Int) -> String {
            String(repeating: "<a>", count: depth) + String(repeating: "</a>", count: depth)
        }
        #expect(Self.kept(nested(100)).xmp == nested(100))
        #expect(Self.kept(nested(101)).xmp == nil)
        #expect(Self.kept("<a>" + String(repeating: "<b/>", count: 100_000) + "</a>").xmp == nil)
        // More pieces than a stack has room for.
        let outside = String(repeating: "<!---->\n", count: 100_000)
        #expect(Self.kept(outside + "<a/>" + outside).xmp == outside + "<a/>" + outside)
        // Many attributes, each with its own declaration.
        let many = (0..<4000).map { " xmlns:p\($0)='u\($0)' p\($0):a='1'" }.joined()
        #expect(Self.kept("<a\(many)/>").xmp == "<a\(many)/>")
    }

    @Test("Declarations hold for their element alone")
    func scopes() {
        let google = "http://ns.google.com/photos/1.0/image/"
        let xmp = Self.packet(
            "",
            "<a xmlns='\(google)'>x</a><p:b xmlns:p='http://example.org/'><p:c xmlns:p='http://example.org/2'/><p:d/></p:b>"
        )
        #expect(
            Self.kept(xmp).xmp
                == Self.packet(
                    "",
                    "<p:b xmlns:p='http://example.org/'><p:c xmlns:p='http://example.org/2'/><p:d/></p:b>"
                )
        )
    }

    @Test("Damage to a packet does not trap")
    func damage() {
        let packet = Array(
            Self.packet(
                Self.dc + #" xmlns:t="http://ns.adobe.com/tiff/1.0/" t:Orientation="6""#,
                Self.title + "<t:Orientation>&#54;</t:Orientation><!-- c --><![CDATA[d]]>"
            ).utf8
        )
        for index in packet.indices {
            for byte in [0, 0x22, 0x26, 0x27, 0x2F, 0x3A, 0x3C, 0x3E, 0x80, 0xFF] as [UInt8] {
                var damaged = packet
                damaged[index] = byte
                let kept = PhotoMetadata(xmp: damaged).upright(width: 1, height: 1)
                #expect((kept.xmp == nil) == (kept.omissions.count == 1))
            }
            _ = PhotoMetadata(xmp: Array(packet.prefix(index))).upright(width: 1, height: 1)
        }
    }

    @Test("Rights that hold a picture are left out")
    func rights() {
        let text = Data(Self.picture(0)).base64EncodedString()
        let kept = PhotoMetadata(xmp: Array("<a><dc:rights>\(text)</dc:rights></a>".utf8)).rights
        #expect(kept.xmp == nil && kept.omissions == [Omission(.xmp, .holdsPicture)])
        var metadata = PhotoMetadata(exif: [1, 2, 3], xmp: [0xFF, 0xFE])
        metadata.omissions = [Omission(.extendedXMP, .notCarried)]
        #expect(
            metadata.rights.omissions == [
                Omission(.exif, .notUnderstood), Omission(.xmp, .notUnderstood),
            ]
        )
    }
}
