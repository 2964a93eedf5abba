// What the parts of the journey speak of.
export const API = 'https://api.example.com/billing';
