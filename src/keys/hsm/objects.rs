//! What a token holds: making keys, reading their public halves, signing.
use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cryptoki::mechanism::eddsa::{EddsaParams, EddsaSignatureScheme};
use cryptoki::mechanism::rsa::{PkcsMgfType, PkcsPssParams};
use cryptoki::mechanism::{Mechanism, MechanismType};
use cryptoki::object::{Attribute, AttributeType, ObjectClass, ObjectHandle};
use cryptoki::session::Session;

use super::told;
use crate::keys::Error;
use crate::keys::public::Public;
use crate::oauth::algorithm::Algorithm;

/// `CKA_LABEL` of what is ours, for people who look into the token.
const LABEL: &[u8] = b"countersign";

/// The DER of the names that P-256 and Ed25519 have in `CKA_EC_PARAMS`; modules
/// know the latter by a text, an older edition's way, or by its OID (RFC 8410).
const P256: &[u8] = b"\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07";
const ED25519: [&[u8]; 2] = [b"\x13\x0cedwards25519", b"\x06\x03\x2b\x65\x70"];

/// What a token must have for keys of an algorithm.
pub(super) fn needed(algorithm: Algorithm) -> [MechanismType; 2] {
    match algorithm {
        Algorithm::Es256 => [MechanismType::ECC_KEY_PAIR_GEN, MechanismType::ECDSA],
        Algorithm::EdDsa => [MechanismType::ECC_EDWARDS_KEY_PAIR_GEN, MechanismType::EDDSA],
        Algorithm::Rs256 => [MechanismType::RSA_PKCS_KEY_PAIR_GEN, MechanismType::SHA256_RSA_PKCS],
        Algorithm::Ps256 => {
            [MechanismType::RSA_PKCS_KEY_PAIR_GEN, MechanismType::SHA256_RSA_PKCS_PSS]
        }
    }
}

pub(super) fn generate(
    session: &Session,
    algorithm: Algorithm,
) -> Result<(ObjectHandle, ObjectHandle), Error> {
    let make = |mechanism: Mechanism<'_>, kind: &[Attribute], uses: &[Attribute]| {
        let public = [Attribute::Token(true), Attribute::Private(false), Attribute::Verify(true)];
        let private = [
            Attribute::Token(true),
            Attribute::Private(true),
            Attribute::Sensitive(true),
            Attribute::Extractable(false),
            Attribute::Sign(true),
        ];
        let (public, private) = ([&public, kind].concat(), [&private, uses].concat());
        session.generate_key_pair(&mechanism, &public, &private).map_err(|error| told(&error))
    };
    match algorithm {
        Algorithm::Es256 => {
            make(Mechanism::EccKeyPairGen, &[Attribute::EcParams(P256.to_vec())], &[])
        }
        Algorithm::EdDsa => {
            let [text, oid] = ED25519.map(|name| [Attribute::EcParams(name.to_vec())]);
            make(Mechanism::EccEdwardsKeyPairGen, &text, &[])
                .or_else(|_| make(Mechanism::EccEdwardsKeyPairGen, &oid, &[]))
        }
        Algorithm::Ps256 | Algorithm::Rs256 => {
            let size =
                [Attribute::ModulusBits(3_072.into()), Attribute::PublicExponent(vec![1, 0, 1])];
            let uses = [Attribute::Decrypt(false), Attribute::Unwrap(false)];
            make(Mechanism::RsaPkcsKeyPairGen, &size, &uses)
        }
    }
}

/// Gives a new key the id that goes with its `kid`, and looks whether the token
/// keeps it as it was told to.
pub(super) fn name(
    session: &Session,
    (public, private): (ObjectHandle, ObjectHandle),
    algorithm: Algorithm,
) -> Result<(Vec<u8>, Public), Error> {
    let kept =
        session.get_attributes(private, &[AttributeType::Sensitive, AttributeType::Extractable]);
    let kept = kept.map_err(|error| told(&error))?;
    if !kept.contains(&Attribute::Sensitive(true)) || !kept.contains(&Attribute::Extractable(false))
    {
        return Err(Error::Hsm("the PKCS#11 token made a key that can be read from it".to_owned()));
    }
    let half = read_public(session, public, algorithm)?;
    let (kid, _) = half.jwk(algorithm)?;
    let id = URL_SAFE_NO_PAD.decode(kid).map_err(|_| Error::Crypto("reading a kid"))?;
    for object in [public, private] {
        let names = [Attribute::Id(id.clone()), Attribute::Label(LABEL.to_vec())];
        session.update_attributes(object, &names).map_err(|error| told(&error))?;
    }
    Ok((id, half))
}

pub(super) fn one(session: &Session, class: ObjectClass, id: &[u8]) -> Result<ObjectHandle, Error> {
    let wanted = [Attribute::Class(class), Attribute::Token(true), Attribute::Id(id.to_vec())];
    let found = session.find_objects(&wanted).map_err(|error| told(&error))?;
    found.first().copied().ok_or_else(|| {
        Error::Hsm(format!(
            "signing key {} is not in the PKCS#11 token",
            URL_SAFE_NO_PAD.encode(id)
        ))
    })
}

pub(super) fn read_public(
    session: &Session,
    handle: ObjectHandle,
    algorithm: Algorithm,
) -> Result<Public, Error> {
    let unreadable = || Error::Hsm(format!("the PKCS#11 token holds no public {algorithm} key"));
    let read = |wanted: &[AttributeType]| {
        session.get_attributes(handle, wanted).map_err(|error| told(&error))
    };
    if matches!(algorithm, Algorithm::Ps256 | Algorithm::Rs256) {
        let parts = read(&[AttributeType::Modulus, AttributeType::PublicExponent])?;
        return match parts.as_slice() {
            [Attribute::Modulus(n), Attribute::PublicExponent(e)] => {
                Ok(Public::Rsa { n: unsigned(n), e: unsigned(e) })
            }
            _ => Err(unreadable()),
        };
    }
    let parts = read(&[AttributeType::EcPoint])?;
    let [Attribute::EcPoint(point)] = parts.as_slice() else { return Err(unreadable()) };
    // An OCTET STRING, or, in some tokens, what should be in it.
    let inside = match point.as_slice() {
        [0x04, length, inside @ ..] if usize::from(*length) == inside.len() => inside,
        all => all,
    };
    match algorithm {
        Algorithm::EdDsa => inside.try_into().map(Public::Ed25519),
        _ => inside.try_into().map(Public::Ecdsa),
    }
    .map_err(|_| unreadable())
}

/// A number without zeros before it, as a JWK has it (RFC 7518 §6.3.1).
fn unsigned(number: &[u8]) -> Vec<u8> {
    number.iter().copied().skip_while(|byte| *byte == 0).collect()
}

pub(super) fn sign(
    session: &Session,
    key: ObjectHandle,
    algorithm: Algorithm,
    message: &[u8],
) -> Result<Vec<u8>, Error> {
    let signed = match algorithm {
        // Every token has it, and not every one hashes besides.
        Algorithm::Es256 => {
            let hash = digest::digest(&digest::SHA256, message);
            session.sign(&Mechanism::Ecdsa, key, hash.as_ref())
        }
        Algorithm::EdDsa => {
            let pure = EddsaParams::new(EddsaSignatureScheme::Pure);
            session.sign(&Mechanism::Eddsa(pure), key, message)
        }
        Algorithm::Rs256 => session.sign(&Mechanism::Sha256RsaPkcs, key, message),
        Algorithm::Ps256 => {
            let parameters = PkcsPssParams {
                hash_alg: MechanismType::SHA256,
                mgf: PkcsMgfType::MGF1_SHA256,
                s_len: 32.into(),
            };
            session.sign(&Mechanism::Sha256RsaPkcsPss(parameters), key, message)
        }
    };
    signed.map_err(|error| told(&error))
}
